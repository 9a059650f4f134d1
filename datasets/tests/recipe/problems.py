"""Word problems, and copies of them as they are found where nobody meant to put them."""

import random
import re
from collections.abc import Callable

NAMES = ["Ana", "Ben", "Carla", "Dov", "Elif", "Femi", "Greta", "Hugo", "Ines", "Jonas", "Kaja"]
PLACES = ["shop", "market", "farm", "library", "harbour", "station", "garden", "bakery", "school"]
DEEDS = ["buys", "sells", "carries", "paints", "packs", "counts", "loses", "borrows", "repairs"]
QUESTIONS = (
    "How many {} does {} have left?",
    "How much did {1} pay for the {0} in total?",
    "What is the total number of {} that {} needs?",
    "How many {} are there now at the place of {}?",
)
NUMBER = re.compile(r"\d+")

Copy = Callable[[str], str]


def word_problems(count: int, seed: int) -> list[str]:
    """Make problems of three to five sentences, with the idiom that such problems share."""
    dice = random.Random(seed)
    return [_problem(dice) for _ in range(count)]


def _problem(dice: random.Random) -> str:
    name, thing = dice.choice(NAMES), _thing(dice)
    sentences = [
        f"{dice.choice(NAMES)} {dice.choice(DEEDS)} {dice.randrange(2, 90)} {_thing(dice)} and "
        f"{dice.choice(DEEDS)} {dice.randrange(2, 90)} {_thing(dice)} at the {_thing(dice)} "
        f"{dice.choice(PLACES)}."
        for _ in range(dice.randint(2, 4))
    ]
    return " ".join([*sentences, dice.choice(QUESTIONS).format(thing, name)])


def _thing(dice: random.Random) -> str:
    syllables = [a + b for a in "bdfgklmnprstv" for b in "aeiou"]
    return "".join(dice.choices(syllables, k=dice.randint(2, 3))) + "s"


def copies(others: list[str], seed: int) -> dict[str, Copy]:
    """Give the ways in which a question comes to stand in a text, by name."""
    dice = random.Random(seed)

    def embedded(question: str) -> str:
        return f"{dice.choice(others)} {question} {dice.choice(others)}"

    def one_word_changed(question: str) -> str:
        words = question.split()
        words[dice.randrange(len(words))] = "something"
        return " ".join(words)

    def numbers_changed(question: str) -> str:
        return NUMBER.sub(lambda number: str(int(number[0]) + dice.randint(1, 9)), question)

    return {
        "verbatim": str,
        "in capitals": str.upper,
        "embedded": embedded,
        "one word changed": one_word_changed,
        "numbers changed": numbers_changed,
    }


def planted(items: list[str], others: list[str], each: int, seed: int) -> dict[str, dict[int, str]]:
    """Give for every way copies of so many items, by the item's number."""
    dice = random.Random(seed)
    return {
        name: {number: copy(items[number]) for number in dice.sample(range(len(items)), each)}
        for name, copy in copies(others, seed).items()
    }
