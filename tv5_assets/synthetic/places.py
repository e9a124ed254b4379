"""Where users live: cities with their country, time zone, language and the locale of names there.

Real places and IANA time zones, a curated few for each country; which user lives where is users.py's business.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class City:
    """A city and what follows from living there.

    Attributes:
        country: one of tables.synthetic.COUNTRIES.
        name: its name in its own language.
        timezone: IANA name.
        language: what most people speak there, one of tables.synthetic.LANGUAGES.
        locale: Faker's locale of the names there.
        share: share of the country's users who live there.
    """

    country: str
    name: str
    timezone: str
    language: str
    locale: str
    share: float


CITIES = (
    City("US", "New York", "America/New_York", "en", "en_US", 0.24),
    City("US", "Chicago", "America/Chicago", "en", "en_US", 0.16),
    City("US", "Houston", "America/Chicago", "en", "en_US", 0.12),
    City("US", "Denver", "America/Denver", "en", "en_US", 0.08),
    City("US", "Phoenix", "America/Phoenix", "en", "en_US", 0.08),
    City("US", "Los Angeles", "America/Los_Angeles", "en", "en_US", 0.22),
    City("US", "Seattle", "America/Los_Angeles", "en", "en_US", 0.10),
    City("FR", "Paris", "Europe/Paris", "fr", "fr_FR", 0.36),
    City("FR", "Lyon", "Europe/Paris", "fr", "fr_FR", 0.18),
    City("FR", "Marseille", "Europe/Paris", "fr", "fr_FR", 0.16),
    City("FR", "Toulouse", "Europe/Paris", "fr", "fr_FR", 0.12),
    City("FR", "Nantes", "Europe/Paris", "fr", "fr_FR", 0.10),
    City("FR", "Lille", "Europe/Paris", "fr", "fr_FR", 0.08),
    City("DE", "Berlin", "Europe/Berlin", "de", "de_DE", 0.36),
    City("DE", "Hamburg", "Europe/Berlin", "de", "de_DE", 0.22),
    City("DE", "München", "Europe/Berlin", "de", "de_DE", 0.22),
    City("DE", "Köln", "Europe/Berlin", "de", "de_DE", 0.20),
    City("ES", "Madrid", "Europe/Madrid", "es", "es_ES", 0.40),
    City("ES", "Barcelona", "Europe/Madrid", "es", "es_ES", 0.28),
    City("ES", "Sevilla", "Europe/Madrid", "es", "es_ES", 0.20),
    City("ES", "Las Palmas de Gran Canaria", "Atlantic/Canary", "es", "es_ES", 0.12),
    City("IT", "Roma", "Europe/Rome", "it", "it_IT", 0.36),
    City("IT", "Milano", "Europe/Rome", "it", "it_IT", 0.28),
    City("IT", "Napoli", "Europe/Rome", "it", "it_IT", 0.20),
    City("IT", "Torino", "Europe/Rome", "it", "it_IT", 0.16),
    City("CA", "Toronto", "America/Toronto", "en", "en_CA", 0.34),
    City("CA", "Montréal", "America/Toronto", "fr", "fr_CA", 0.26),
    City("CA", "Québec", "America/Toronto", "fr", "fr_CA", 0.10),
    City("CA", "Calgary", "America/Edmonton", "en", "en_CA", 0.12),
    City("CA", "Vancouver", "America/Vancouver", "en", "en_CA", 0.18),
    City("UK", "London", "Europe/London", "en", "en_GB", 0.46),
    City("UK", "Manchester", "Europe/London", "en", "en_GB", 0.20),
    City("UK", "Birmingham", "Europe/London", "en", "en_GB", 0.20),
    City("UK", "Edinburgh", "Europe/London", "en", "en_GB", 0.14),
)

COUNTRY_SHARES = {"US": 0.24, "FR": 0.26, "DE": 0.12, "ES": 0.10, "IT": 0.10, "CA": 0.10, "UK": 0.08}
"""Share of users by country: the audience of a French-language network, with the English-speaking world beside it."""
