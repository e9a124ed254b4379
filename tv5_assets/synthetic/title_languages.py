"""What a title tells of the language that a movie is in.

MovieLens names movies in English and puts the title of their own country in brackets: "Hunt, The (Jagten) (2012)".
Such a movie is hardly ever in English, and the words of that title most often tell which language it is. What does not
belong here: where a movie comes from in the end, for which its themes count too (origins.py).
"""

from collections.abc import Mapping

import polars as pl

_YEAR = r"\s*\(\d{4}[^()]*\)\s*$"
_ANOTHER_NAME = r"(?i)\(a\.?k\.?a[^()]*\)"
_ENGLISH = (
    r"\b(?:the|of|and|with|who|from|your|shall|we|my|merry|part|movie|vacation|american|national|big|bad|evil|hard|dead"
    r"|night|house|boy|girl|woman|love|life|blood|one|two|three|four|six|eight|nine|hundred|fists|fury|goal|wars?"
    r"|king|world)\b|'s\b|, an?$"
)

_ITS_OWN: Mapping[str, str] = {
    "fr": r"\b(?:le|les|la|un|une|du|des|de|et|au|aux|où|qui|que|sans|pour|chez|dans|sur|avec|mon|ma|mes|moi|toi|je|il"
    r"|elle|nous|ils|vie|femme|fille|amour|nuit|homme|cœur|coeur|à)\b|\b[ldjcnsmqt]'[a-zéèêàâ]{3}|[êçœ]|é[^é]*é|\bé"
    r"|(?:eux|euse|oire|ille|eau|ette)s?\b",
    "de": r"\b(?:der|die|das|und|ein|eine|einer|im|von|vom|für|nicht|ich|ist|mit|zum|zur|dem|des|auf|am|sind|wir|kein"
    r"|keiner|mein)\b|[ßü]|[äö]\w*(?:er|e)\b|sch|\w{3}ung\b|\w{2}chen\b|(?:heit|keit|lich|nnt)\b",
    "es": r"\b(?:el|la|los|las|un|una|de|del|y|en|con|por|para|mi|muy|su|al|que|como|sin|más|vida|mujer|mujeres"
    r"|noche)\b|[ñ¿¡]|ción\b|(?:ado|ido|ito|ero)s?\b",
    "it": r"\b(?:il|lo|la|le|gli|i|un|uno|una|di|del|dello|della|delle|dei|degli|e|nel|nella|che|non|per|con|da|dal|mio"
    r"|io|uomo|donna|vita|notte|bella|bello|amore|nuovo|ultimo)\b|\b(?:d|l|all|dell|nell)'\w|[òùì]\b|[àè]\b|zion|zz|cch?i"
    r"|(?:etto|etta|oni|ini|ione)\b",
    "sv": r"\b(?:och|den|det|att|som|en|ett|är|ur|på|av|till|med|för|inte|jag)\b|å|[äö]\w*(?:en|et|an|or)\b|skap",
    "da": r"\b(?:og|den|det|at|som|en|et|er|på|af|til|med|for|ikke|jeg|dig)\b|[øæ]|å",
    "no": r"\b(?:og|den|det|som|en|et|er|på|av|til|fra|ikke|jeg)\b|[øæ]|å",
    "nl": r"\b(?:het|een|van|en|niet|met|voor|op|ik|zijn|naar)\b|ij\b|ijk",
    "fi": r"\b(?:ja|ei|hän|vailla)\b|ää|yö|uu[tl]|öö|(?:nen|ssa|ssä|stä|llä|tta|ttä)\b",
    "pl": r"\b(?:w|na|nie|jest|do)\b|[ąęłńśźż]|szcz|(?:ski|wie|iu)\b",
    "cs": r"\b(?:na|jsem|po)\b|[řěůčšž]",
    "hu": r"\b(?:és|egy|nem)\b|[őű]|sz[aeiou]|gy\b",
    "pt": r"\b(?:o|os|as|um|uma|de|do|da|dos|das|e|em|não|com)\b|[ãõ]|ção|nh|dade\b",
    "hi": r"\b(?:hai|dil|ke|ki|ka|hum|zindagi|pyaar|kabhi|par|mein|mere|tere|khan|zameen|kuch|raja|jab)\b",
    "ja": r"(?:[jgy]|sh|ky|ry)[ôû]|[kdtbr][ôû]\b|[ôûâ]ji|\b(?:no|wo|wa|tai)\b|(?:tachi|gatari)\b",
}
"""What tells the language of a title that is not English, in small letters."""
_IN_SYLLABLES: Mapping[str, str] = {
    "ja": r"^(?:(?:(?:[kgsnhbmr]y?|[ztdpfwjy]|sh|ch|ts)?[aeiouâêîôû]{1,2}n?){2,}(?:[ \-:!]+|$))+(?:[0-9iv]+)?$",
    "zh": r"^(?:(?:[bpmfdtnlgkhjqxrzcsyw]|zh|ch|sh|gw|kw|ts|ng)?[aeiouü]{1,3}(?:ng|n|[ktpm])?[ \-:,]+)+"
    r"(?:(?:[bpmfdtnlgkhjqxrzcsyw]|zh|ch|sh|gw|kw|ts|ng)?[aeiouü]{1,3}(?:ng|n|[ktpm])?|[0-9ivx]+)$",
}
"""Languages that are written in Latin letters syllable by syllable: a Chinese word has one, a Japanese one has more."""
_SYLLABLES_COUNT = 2  # which are all of a title, as much as two words

_AMONG_ENGLISH: Mapping[str, str] = {
    "fr": r"\b(?:le|les|une|du|des|et|au|aux|chez|pour|sans|où|à|Mon)\b|\b[LDld]'[A-ZÉÈÀÂa-zéèêà]{3}|^L[ae] \w*é"
    r"|é[^é]*é|, (?:Le|Les|L')$|e, La$|^Femme .*, La$",
    "de": r"\b(?:der|das|und|ein|eine|im|von|für|nicht|Herr|Frauen|Welt)\b|, (?:Der|Die|Das)$",
    "es": r"\b(?:las|los|por|para|y|con|mi|muy)\b|ñ|ción\b|, (?:El|Los|Las)$",
    "it": r"\b(?:dello|della|delle|degli|nel|che|di|dei)\b|, (?:Il|Lo|I|Gli)$|[ao], La$",
    "sv": r"\b(?:och|som)\b",
    "ja": r"(?:[jgy]|sh|ky|ry)[ôû]|[kdtbr][ôû]\b|[ôûâ]ji|(?:tachi|gatari)\b",
}
"""What tells the language of a title for which there is no English one, among titles that write their own words large.
Articles stand behind a comma."""

LANGUAGES_TOLD = (*_ITS_OWN, *(_IN_SYLLABLES.keys() - _ITS_OWN.keys()))
"""Languages that a title may tell."""


def title_languages(titles: pl.Series) -> pl.DataFrame:
    """Return what titles tell.

    Args:
        titles: as MovieLens writes them, with their years.

    Returns:
        A row for each title: ``foreign``, whether it has one in brackets that is neither English nor the same again;
        and a Boolean column for each of LANGUAGES_TOLD: whether words tell it, as often as they tell any other.
    """
    parts = (
        pl.select(title=pl.lit(titles).str.replace_all(_ANOTHER_NAME, "").str.replace(_YEAR, "").str.strip_chars())
        .select(
            first=pl.col("title").str.replace(r"\s*\(.*$", ""),
            second=pl.col("title").str.extract(r"\(([^()]+)\)\s*$").fill_null(""),
        )
        .with_columns(own=pl.col("second").str.to_lowercase())
    )
    foreign = (pl.col("own") != "") & ~pl.col("own").str.contains(_ENGLISH) & ~_said_before()
    counts = parts.with_columns(foreign=foreign).select(
        "foreign", **{language: _times_told(language) for language in LANGUAGES_TOLD}
    )
    most = pl.max_horizontal(LANGUAGES_TOLD)
    return counts.select("foreign", *((pl.col(name) == most) & (most > 0) for name in LANGUAGES_TOLD))


def _said_before() -> pl.Expr:
    """Tell whether the second title is in the first, but for accents that the second has: "Irréversible" is French."""
    letters = {
        name: pl.col(name).str.to_lowercase().str.normalize("NFKD").str.replace_all("[^a-z0-9]", "")
        for name in ("first", "second")
    }
    accents = pl.col("second").str.contains(r"[^\x00-\x7f]")
    return letters["first"].str.contains(letters["second"], literal=True) & ~accents


def _times_told(language: str) -> pl.Expr:
    """Return how often the titles of a movie tell a language."""
    own = pl.lit(0, pl.UInt32)
    if language in _ITS_OWN:
        own += pl.col("own").str.count_matches(_ITS_OWN[language])
    if language in _AMONG_ENGLISH:
        own += pl.col("second").str.count_matches(_AMONG_ENGLISH[language])
    if language in _IN_SYLLABLES:
        own += _SYLLABLES_COUNT * pl.col("own").str.contains(_IN_SYLLABLES[language]).cast(pl.UInt32)
    told = pl.when("foreign").then(own).otherwise(0)
    if language in _AMONG_ENGLISH:
        told += pl.col("first").str.count_matches(_AMONG_ENGLISH[language])
    return told
