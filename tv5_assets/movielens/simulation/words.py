"""Words that simulated titles and tags are made of. What does not belong here: how they are put together."""

NOUNS = {
    "Action": ("Strike", "Bullet", "Fury", "Pursuit", "Commando", "Vengeance", "Thunder", "Ambush", "Siege", "Impact"),
    "Adventure": ("Voyage", "Island", "Expedition", "Treasure", "Compass", "Jungle", "Summit", "Odyssey", "River"),
    "Animation": ("Puppet", "Toy", "Rabbit", "Balloon", "Dragonfly", "Firefly", "Lantern", "Whale", "Teapot", "Fox"),
    "Children": ("Puppy", "Treehouse", "Kite", "Playground", "Circus", "Pony", "Snowman", "Carousel", "Kitten"),
    "Comedy": ("Wedding", "Neighbor", "Vacation", "Roommate", "Mistake", "Party", "Waiter", "Holiday", "Cousin"),
    "Crime": ("Heist", "Detective", "Witness", "Alibi", "Gang", "Robbery", "Verdict", "Informer", "Smuggler", "Vault"),
    "Documentary": ("Archive", "Portrait", "Ocean", "Harvest", "Orchestra", "Border", "Glacier", "Kitchen", "Chorus"),
    "Drama": ("Daughter", "Letter", "Promise", "Orchard", "Winter", "Silence", "Farewell", "Father", "Homecoming"),
    "Fantasy": ("Dragon", "Wizard", "Kingdom", "Sword", "Enchantress", "Unicorn", "Spell", "Throne", "Prophecy"),
    "Film-Noir": ("Shadow", "Alley", "Cigarette", "Stranger", "Nightclub", "Blonde", "Harbor", "Detour", "Double"),
    "Horror": ("Crypt", "Vampire", "Haunting", "Asylum", "Werewolf", "Curse", "Cellar", "Zombie", "Ghost", "Scream"),
    "IMAX": ("Canyon", "Galaxy", "Reef", "Horizon", "Planet", "Everest", "Aurora", "Shuttle", "Wilderness", "Volcano"),
    "Musical": ("Melody", "Song", "Dance", "Serenade", "Cabaret", "Waltz", "Rhapsody", "Ballroom", "Trumpet"),
    "Mystery": ("Secret", "Cipher", "Mask", "Riddle", "Clue", "Attic", "Portrait", "Key", "Disappearance", "Mirror"),
    "Romance": ("Kiss", "Heart", "Bouquet", "Lover", "Moonlight", "Rendezvous", "Bride", "Valentine", "Rose", "Paris"),
    "Sci-Fi": ("Robot", "Android", "Starship", "Alien", "Galaxy", "Clone", "Reactor", "Colony", "Satellite", "Orbit"),
    "Thriller": ("Hostage", "Conspiracy", "Deadline", "Suspect", "Trap", "Obsession", "Fugitive", "Signal", "Betrayal"),
    "War": ("Battalion", "Soldier", "Trench", "Bridge", "Submarine", "Regiment", "Armistice", "Sniper", "Convoy"),
    "Western": ("Sheriff", "Stagecoach", "Canyon", "Rider", "Outlaw", "Saloon", "Gunfighter", "Prairie", "Mustang"),
}
"""Nouns for titles of each genre."""

ADJECTIVES = (
    "Last", "Silent", "Golden", "Broken", "Hidden", "Crimson", "Lonely", "Midnight", "Distant", "Forgotten", "Little",
    "Electric", "Burning", "Frozen", "Wild", "Perfect", "Secret", "Endless", "Invisible", "Restless", "Blue", "Scarlet",
    "Wandering", "Fallen", "Strange", "Gentle", "Final", "First", "Velvet", "Hollow", "Bright", "Dark", "Iron", "Paper",
    "Northern", "Southern", "Ancient", "Modern", "Quiet", "Reckless", "Stolen", "Sleeping", "Sacred", "Hungry", "Great",
)  # fmt: skip
PLACES = (
    "Lisbon", "Winter", "the Valley", "Tomorrow", "the North", "Memory", "Marseille", "Summer", "the Sea", "Chicago",
    "the Desert", "Dawn", "Naples", "the Moon", "Shanghai", "Autumn", "the City", "Glass", "Brooklyn", "the Night",
)  # fmt: skip
NAMES = (
    "Anna", "Oliver", "Clara", "Martin", "Sophie", "Walter", "Helen", "Victor", "Julia", "Marcus", "Elena", "Henry",
    "Nina", "Samuel", "Irene", "Leo", "Margaret", "Hugo", "Alice", "Roman",
)  # fmt: skip
FRENCH_TITLES = (
    "Été, L'", "Forêt, La", "Café du port, Le", "Étoile, L'", "Château, Le", "Fille du métro, La", "Rivière, La",
    "Théâtre, Le", "Mémoire, La", "Secret de Zoé, Le", "Année, L'", "Élève, L'", "Père, Le", "Lumière, La",
    "Bateaux, Les", "Cinéma, Le", "Baiser, Le", "Jardin, Le", "Enfants, Les", "Nuit, La", "Amis, Les", "Voyage, Le",
)  # fmt: skip
"""French titles as MovieLens writes them, the article behind."""

THEMES = {
    "Action": ("car chase", "martial arts", "explosions", "revenge", "one man army", "stunts", "showdown", "rescue"),
    "Adventure": ("treasure hunt", "survival", "pirates", "lost civilization", "quest", "desert island", "explorers"),
    "Animation": ("stop motion", "anime", "hand-drawn", "talking objects", "computer animation", "cartoon", "puppets"),
    "Children": ("talking animals", "coming home", "summer camp", "toys", "bedtime story", "friendship", "fairy tale"),
    "Comedy": ("slapstick", "satire", "deadpan", "mistaken identity", "wedding", "road trip", "parody", "high school"),
    "Crime": ("heist", "mafia", "prison escape", "con artists", "corrupt cops", "undercover", "courtroom", "gangsters"),
    "Documentary": ("true story", "interviews", "nature", "politics", "music history", "investigation", "portrait"),
    "Drama": ("family secrets", "grief", "small town", "addiction", "friendship tested", "class conflict", "illness"),
    "Fantasy": ("dragons", "magic", "sword and sorcery", "parallel world", "mythology", "chosen one", "fairies"),
    "Film-Noir": ("femme fatale", "private eye", "double cross", "voice-over", "black and white", "doomed hero"),
    "Horror": ("haunted house", "vampires", "zombies", "slasher", "possession", "monster", "gore", "found footage"),
    "IMAX": ("big budget", "space photography", "deep sea", "landscapes", "spectacle", "mountaineering"),
    "Musical": ("show tunes", "dance", "backstage", "opera", "jazz", "rock band", "singing contest"),
    "Mystery": ("whodunit", "twist ending", "locked room", "amnesia", "missing person", "cold case", "unreliable"),
    "Romance": ("love triangle", "first love", "long distance", "forbidden love", "second chance", "opposites attract"),
    "Sci-Fi": ("robots", "space opera", "time travel", "artificial intelligence", "dystopia", "aliens", "cyberpunk"),
    "Thriller": ("conspiracy", "hostages", "serial killer", "stalker", "espionage", "blackmail", "cat and mouse"),
    "War": ("world war ii", "resistance", "prisoners of war", "vietnam", "submarine", "anti-war", "trenches"),
    "Western": ("gunfight", "sheriff", "frontier", "cattle drive", "bounty hunter", "train robbery", "outlaws"),
}
"""Themes of each genre, as the tag genome words them."""

QUALIFIERS = ("dark", "classic", "modern", "offbeat", "gritty", "moving", "stylized", "slow-burning")
"""What a theme is narrowed by to make further tags."""
