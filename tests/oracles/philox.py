"""Philox4x32-10 in plain whole numbers, written from the SC11 paper (section 3.3, listing of the round)."""

WORD = 2**32


def philox(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[int, int, int, int]:
    """Ten rounds; the key is bumped by the Weyl constants between them."""
    left_0, right_0, left_1, right_1 = counter
    key_0, key_1 = key
    for number in range(10):
        if number > 0:
            key_0 = (key_0 + 0x9E3779B9) % WORD
            key_1 = (key_1 + 0xBB67AE85) % WORD
        high_0, low_0 = divmod(0xD2511F53 * left_0, WORD)
        high_1, low_1 = divmod(0xCD9E8D57 * left_1, WORD)
        left_0, right_0, left_1, right_1 = high_1 ^ right_0 ^ key_0, low_1, high_0 ^ right_1 ^ key_1, low_0
    return left_0, right_0, left_1, right_1


def words(seed: int, cell: int, event: int, stream: int, block: int) -> tuple[int, int, int, int]:
    """The package's layout: counter = cell (64 bits), event (32), block's upper byte, stream (8), block's rest (16).

    The key is the seed (64 bits).
    """
    upper, lower = divmod(block, 2**16)
    counter = (cell % WORD, cell // WORD, event, upper * 2**24 + stream * 2**16 + lower)
    return philox(counter, (seed % WORD, seed // WORD))


def uniform(high: int, low: int) -> float:
    """(k + 1/2) / 2**53 of the upper 53 bits of two words, the largest value held below 1."""
    k = (high * WORD + low) // 2**11
    return min((k + 0.5) / 2**53, 1.0 - 2.0**-53)
