"""Random texts that a tokenizer may stumble over: scripts mixed, marks, apostrophes, runs of spaces and line ends."""
import random
import sys
import unicodedata

POOLS = [
    "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "éàüñçßøœﬁſıİΩΣςσλжЖяЇ", "ǅǈʰˢªºℵ",
    "0123456789", "٠١٢٣०१२४０１２½²Ⅷ㊿൵", "\u0300\u0301\u0308\u0327\u093f\u094d\u0e31\u0e49\u20dd\ufe0f\u0903",
    " ", " ", " ", "  \t\u00a0\u2003\u3000\x0b\x0c\x85", "\n", "\r\n", "!?.,;:'\"()[]{}<>/\\|@#$%^&*-_=+~`",
    "。，、！？「」（）：；।۔،…—‘’“”«»¿", "€£±×÷√∞→©®™°¨´＋￥", "😀👍🏽👩\u200d🔬🧂🇩🇪❤️", "成你好世界龥龦一鿿㐀𠀀豈", "あいアイー゠ヿ",
    "가힣가ㄱ퟿", "كتابمرحبا", "नमस्तेक्षि", "ภาษาไทย", "\x00\x01\x7f\u00ad\u200b\u200d\u2028\ufeff\ufffd\ue000\u0378",
    "▁ĠĊ",
]
PIECES = ["'s", "'S", "'ll", "'Ll", "'RE", "'ve", "'ſ", "'m", "'D", "'t", " '", "\n\n", "\r\n\r\n", "   ", " \n ", "\t\t", "12345", "1,000.50",
          "http://a.b/c?d=e", "camelCase", "HTMLParser", "don't", "I'LL", "naïve", "A\u030a", "//\n", "!\n", "</s>", "<|x|>", "▁▁"]
ANY = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) not in ("Cn", "Cs", "Co")]


def one(chance):
    text = ""
    for _ in range(chance.randrange(1, 20)):
        kind = chance.random()
        if kind < 0.2:
            text += chance.choice(PIECES)
        elif kind < 0.3:
            text += chance.choice(ANY)
        elif kind < 0.4:
            text += chance.choice(chance.choice(POOLS)) * chance.randrange(1, 8)
        else:
            pool = chance.choice(POOLS)
            text += "".join(chance.choice(pool) for _ in range(chance.randrange(1, 5)))
    return text


def make(count, seed):
    chance = random.Random(seed)
    return [one(chance) for _ in range(count)]


def make_old(count, seed):
    """Of characters that Unicode 3.2 had, and without the mark of a word's begin."""
    old = unicodedata.ucd_3_2_0.category
    return ["".join(c for c in text if old(c) != "Cn" and c != "▁") for text in make(count, seed)]
