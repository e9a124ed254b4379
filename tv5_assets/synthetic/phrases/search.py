"""What people type into a search box, in each language: patterns, genres and themes in its words.

What does not belong here: what a query should find (synthetic/queries.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tv5_assets.tables.synthetic import LANGUAGES


@dataclass(frozen=True)
class SearchWords:
    """How a language asks for movies.

    Attributes:
        language: as in tables.synthetic.LANGUAGES.
        genres: movies of each genre, in the order of tables.processed.GENRES.
        patterns: by kind of query; they leave open what the kind asks for: title, genre, decade, theme, other.
        themes: the movies' tags in its words. English has the tags themselves.
    """

    language: str
    genres: tuple[str, ...]
    patterns: Mapping[str, tuple[str, ...]]
    themes: Mapping[str, str] = field(default_factory=dict)


_IN_OTHER_WORDS = {
    "adultery": ("adultère", "adulterio", "Ehebruch", "adulterio"),
    "addiction": ("addiction", "adicción", "Sucht", "dipendenza"),
    "aliens": ("extraterrestres", "extraterrestres", "Außerirdische", "alieni"),
    "amnesia": ("amnésie", "amnesia", "Gedächtnisverlust", "amnesia"),
    "artificial intelligence": (
        "intelligence artificielle", "inteligencia artificial", "künstliche Intelligenz", "intelligenza artificiale",
    ),
    "baseball": ("baseball", "béisbol", "Baseball", "baseball"),
    "black comedy": ("comédie noire", "comedia negra", "schwarze Komödie", "commedia nera"),
    "bounty hunter": ("chasseur de primes", "cazarrecompensas", "Kopfgeldjäger", "cacciatore di taglie"),
    "boxing": ("boxe", "boxeo", "Boxen", "pugilato"),
    "car chase": ("course-poursuite", "persecución de coches", "Verfolgungsjagd", "inseguimento in auto"),
    "christmas": ("Noël", "Navidad", "Weihnachten", "Natale"),
    "conspiracy": ("complot", "conspiración", "Verschwörung", "complotto"),
    "court": ("tribunal", "tribunal", "Gericht", "tribunale"),
    "courtroom": ("tribunal", "tribunal", "Gerichtssaal", "tribunale"),
    "cyberpunk": ("cyberpunk", "ciberpunk", "Cyberpunk", "cyberpunk"),
    "dance": ("danse", "danza", "Tanz", "danza"),
    "dark comedy": ("humour noir", "humor negro", "schwarzer Humor", "umorismo nero"),
    "divorce": ("divorce", "divorcio", "Scheidung", "divorzio"),
    "dogs": ("chiens", "perros", "Hunde", "cani"),
    "dragons": ("dragons", "dragones", "Drachen", "draghi"),
    "dystopia": ("dystopie", "distopía", "Dystopie", "distopia"),
    "espionage": ("espionnage", "espionaje", "Spionage", "spionaggio"),
    "fairy tale": ("conte de fées", "cuento de hadas", "Märchen", "fiaba"),
    "family": ("famille", "familia", "Familie", "famiglia"),
    "femme fatale": ("femme fatale", "mujer fatal", "Femme fatale", "femme fatale"),
    "first love": ("premier amour", "primer amor", "erste Liebe", "primo amore"),
    "friendship": ("amitié", "amistad", "Freundschaft", "amicizia"),
    "gangsters": ("gangsters", "gánsteres", "Gangster", "gangster"),
    "ghosts": ("fantômes", "fantasmas", "Geister", "fantasmi"),
    "grief": ("deuil", "duelo", "Trauer", "lutto"),
    "haunted house": ("maison hantée", "casa encantada", "Spukhaus", "casa infestata"),
    "heist": ("braquage", "atraco", "Raubüberfall", "rapina"),
    "high school": ("lycée", "instituto", "Oberschule", "liceo"),
    "holocaust": ("Holocauste", "Holocausto", "Holocaust", "Olocausto"),
    "jazz": ("jazz", "jazz", "Jazz", "jazz"),
    "journalism": ("journalisme", "periodismo", "Journalismus", "giornalismo"),
    "love triangle": ("triangle amoureux", "triángulo amoroso", "Dreiecksbeziehung", "triangolo amoroso"),
    "mafia": ("mafia", "mafia", "Mafia", "mafia"),
    "magic": ("magie", "magia", "Magie", "magia"),
    "martial arts": ("arts martiaux", "artes marciales", "Kampfkunst", "arti marziali"),
    "mental illness": ("maladie mentale", "enfermedad mental", "psychische Krankheit", "malattia mentale"),
    "music": ("musique", "música", "Musik", "musica"),
    "nature": ("nature", "naturaleza", "Natur", "natura"),
    "opera": ("opéra", "ópera", "Oper", "opera"),
    "parody": ("parodie", "parodia", "Parodie", "parodia"),
    "pirates": ("pirates", "piratas", "Piraten", "pirati"),
    "police": ("police", "policía", "Polizei", "polizia"),
    "politics": ("politique", "política", "Politik", "politica"),
    "prison": ("prison", "cárcel", "Gefängnis", "prigione"),
    "psychology": ("psychologie", "psicología", "Psychologie", "psicologia"),
    "religion": ("religion", "religión", "Religion", "religione"),
    "resistance": ("Résistance", "resistencia", "Widerstand", "resistenza"),
    "revenge": ("vengeance", "venganza", "Rache", "vendetta"),
    "road trip": ("voyage en voiture", "viaje por carretera", "Autoreise", "viaggio in auto"),
    "robots": ("robots", "robots", "Roboter", "robot"),
    "satire": ("satire", "sátira", "Satire", "satira"),
    "serial killer": ("tueur en série", "asesino en serie", "Serienmörder", "assassino seriale"),
    "shakespeare": ("Shakespeare", "Shakespeare", "Shakespeare", "Shakespeare"),
    "small town": ("petite ville", "pueblo pequeño", "Kleinstadt", "piccola città"),
    "space": ("espace", "espacio", "Weltraum", "spazio"),
    "space opera": ("opéra de l'espace", "ópera espacial", "Weltraumoper", "opera spaziale"),
    "submarine": ("sous-marin", "submarino", "Unterseeboot", "sottomarino"),
    "superhero": ("super-héros", "superhéroes", "Superhelden", "supereroi"),
    "surreal": ("surréalisme", "surrealismo", "Surrealismus", "surrealismo"),
    "survival": ("survie", "supervivencia", "Überleben", "sopravvivenza"),
    "suspense": ("suspense", "suspense", "Spannung", "suspense"),
    "time travel": ("voyage dans le temps", "viajes en el tiempo", "Zeitreisen", "viaggi nel tempo"),
    "treasure hunt": ("chasse au trésor", "caza del tesoro", "Schatzsuche", "caccia al tesoro"),
    "true story": ("histoire vraie", "historia real", "wahre Geschichte", "storia vera"),
    "twist ending": ("fin inattendue", "final inesperado", "überraschendes Ende", "finale a sorpresa"),
    "vampires": ("vampires", "vampiros", "Vampire", "vampiri"),
    "vietnam": ("Viêt Nam", "Vietnam", "Vietnam", "Vietnam"),
    "wedding": ("mariage", "boda", "Hochzeit", "matrimonio"),
    "wizards": ("sorciers", "magos", "Zauberer", "maghi"),
    "world war ii": (
        "Seconde Guerre mondiale", "Segunda Guerra Mundial", "Zweiter Weltkrieg", "seconda guerra mondiale",
    ),
    "zombies": ("zombies", "zombis", "Zombies", "zombie"),
}  # fmt: skip
"""Tags of MovieLens and of the simulated sets that mean the same to everybody: French, Spanish, German, Italian."""
_TRANSLATED_INTO = ("fr", "es", "de", "it")


def _themes(language: str) -> dict[str, str]:
    place = _TRANSLATED_INTO.index(language)
    return {tag: words[place] for tag, words in _IN_OTHER_WORDS.items()}


_WORDS = (
    SearchWords(
        "en",
        (
            "action movies", "adventure movies", "animated movies", "children's movies", "comedies", "crime movies",
            "documentaries", "dramas", "fantasy movies", "film noir", "horror movies", "IMAX movies", "musicals",
            "mysteries", "romantic movies", "science fiction movies", "thrillers", "war movies", "westerns",
        ),
        {
            "title": ("{title}", "{title} movie", "where can I watch {title}", "looking for {title}"),
            "genre_decade": ("{genre} from the {decade}s", "{decade}s {genre}", "good {genre} of the {decade}s"),
            "theme": ("movies about {theme}", "{theme}", "film with {theme}"),
            "plot": ("{genre} about {theme} and {other}", "{genre} with {theme}, {other}", "{theme} {other} {genre}"),
        },
    ),
    SearchWords(
        "fr",
        (
            "films d'action", "films d'aventure", "films d'animation", "films pour enfants", "comédies",
            "films policiers", "documentaires", "drames", "films de fantasy", "films noirs", "films d'horreur",
            "films IMAX", "comédies musicales", "films à énigme", "films d'amour", "films de science-fiction",
            "thrillers", "films de guerre", "westerns",
        ),
        {
            "title": ("{title}", "le film {title}", "où regarder {title}", "je cherche {title}"),
            "genre_decade": (
                "{genre} des années {decade}", "{genre} années {decade}", "voir des {genre} des années {decade}",
            ),
            "theme": ("films sur le thème {theme}", "{theme}", "film {theme}"),
            "plot": ("{genre}, thèmes {theme} et {other}", "{genre} avec {theme}, {other}", "{theme} {other} {genre}"),
        },
        _themes("fr"),
    ),
    SearchWords(
        "es",
        (
            "películas de acción", "películas de aventuras", "películas de animación", "películas infantiles",
            "comedias", "películas policíacas", "documentales", "dramas", "películas de fantasía", "cine negro",
            "películas de terror", "películas IMAX", "musicales", "películas de misterio", "películas románticas",
            "películas de ciencia ficción", "thrillers", "películas bélicas", "películas del oeste",
        ),
        {
            "title": ("{title}", "la película {title}", "dónde ver {title}", "busco {title}"),
            "genre_decade": (
                "{genre} de los años {decade}", "{genre} años {decade}", "ver {genre} de los años {decade}",
            ),
            "theme": ("películas sobre {theme}", "{theme}", "cine {theme}"),
            "plot": ("{genre} sobre {theme} y {other}", "{genre} con {theme}, {other}", "{theme} {other} {genre}"),
        },
        _themes("es"),
    ),
    SearchWords(
        "de",
        (
            "Actionfilme", "Abenteuerfilme", "Animationsfilme", "Kinderfilme", "Komödien", "Krimis", "Dokumentarfilme",
            "Dramen", "Fantasyfilme", "Film noir", "Horrorfilme", "IMAX-Filme", "Musicals", "Mysteryfilme",
            "Liebesfilme", "Science-Fiction-Filme", "Thriller", "Kriegsfilme", "Western",
        ),
        {
            "title": ("{title}", "der Film {title}", "wo läuft {title}", "ich suche {title}"),
            "genre_decade": ("{genre} der {decade}er Jahre", "{genre} {decade}er", "{genre} aus den {decade}ern"),
            "theme": ("Filme zum Thema {theme}", "{theme}", "Film {theme}"),
            "plot": ("{genre} zum Thema {theme} und {other}", "{genre}: {theme}, {other}", "{theme} {other} {genre}"),
        },
        _themes("de"),
    ),
    SearchWords(
        "it",
        (
            "film d'azione", "film d'avventura", "film d'animazione", "film per bambini", "commedie",
            "film polizieschi", "documentari", "film drammatici", "film fantasy", "film noir", "film horror",
            "film IMAX", "musical", "film gialli", "film romantici", "film di fantascienza", "thriller",
            "film di guerra", "film western",
        ),
        {
            "title": ("{title}", "il film {title}", "dove vedere {title}", "cerco {title}"),
            "genre_decade": (
                "{genre} degli anni {decade}", "{genre} anni {decade}", "vedere {genre} degli anni {decade}",
            ),
            "theme": ("film sul tema {theme}", "{theme}", "film {theme}"),
            "plot": ("{genre} su {theme} e {other}", "{genre} con {theme}, {other}", "{theme} {other} {genre}"),
        },
        _themes("it"),
    ),
)  # fmt: skip
SEARCH_WORDS = tuple(next(words for words in _WORDS if words.language == language) for language in LANGUAGES)
"""Of every language, in the order of LANGUAGES."""
