"""Makes ratings that look like MovieLens 1M, whose own files may not be passed on.

    make_ratings.py --out DIR [--seed 1] [--ratings 1000209] [--users 6040] [--movies 3706]

It writes `ratings.dat` and `movies.dat` in MovieLens's format, and `planted.csv` (movie_id,group). A few movies
are rated by most, most by few; so are users busy or idle, and nobody rates less than 20 movies or one of them
twice. Groups of eleven movies are planted, which each user rates alike: group 0 is the best known one and holds
movie 260, so the ten movies most like 260 with a score above 0.97 are exactly the others of group 0 - at full
size with a strength above 1000; at smaller sizes ask for less strength.

The same seed makes the same bytes on any machine: all of it is integer arithmetic on a hash. It runs as a Spark
step too, and writes to wherever Hadoop can when DIR has a scheme such as s3://; a plain path needs no Spark.
"""
import argparse
import os
import re
import sys

import numpy as np

FEWEST = 20  # ratings of a user
ASKED = 260  # the movie whose group is the best known
GROUPS, GROUP_SIZE = 6, 11
FAVOUR = 2  # how many times likelier than its rank says a movie of group 0 is to be rated
USERS_AT_ONCE = 2_048
LINES_AT_ONCE = 100_000
ROUNDS_BY_WEIGHT = 24  # rounds of drawing by popularity, before the busiest users take any movie they lack
FIRST_RATED, LAST_RATED = 956_703_932, 1_046_454_590  # the times between which MovieLens 1M was collected
TASTES = np.array([1, 2, 2, 3, 3, 4, 4, 4, 5, 5, 5, 5], np.int64)

GENRES = ["Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
          "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"]
HEADS = ["Vel", "Bras", "Or", "Quim", "Tar", "Lön", "Mar", "Gri", "Sé", "Pol", "Dun", "Har", "Ils", "Nå", "Cor", "Fen"]
MIDDLES = ["da", "mi", "vé", "lo", "ru", "ña", "sti", "ko", "be", "ø", "ge", "ta", "wi", "pa", "zu", "ne"]
TAILS = ["rin", "mel", "th", "vane", "dor", "lle", "sk", "ço", "mund", "wick", "ray", "gard", "nia", "ster", "bo", "x"]
FORMS = ["Lanterns of {}", "{} Below the Ferry", "Orchard of {}, The", "Nine Letters to {}", "{} and the Copper Kite",
         "Clerk from {}, A", 'Last "Honest" Man in {}, The', "{}'s Tin Orchestra", "Snow, Salt, {}", "Return to {} Quay",
         'The Affair of the "{}"', "{}: A Winter Ledger"]


def main():
    args = arguments()
    files = make(args)
    if "://" in args.out:
        write_with_hadoop(args.out.rstrip("/"), files)
    else:
        os.makedirs(args.out, exist_ok=True)
        for name, parts in files:
            with open(os.path.join(args.out, name), "wb") as file:
                file.writelines(parts)
    print(f"{args.ratings:,} ratings by {args.users:,} users of {args.movies:,} movies in {args.out}")


def arguments():
    parser = argparse.ArgumentParser(description="Makes ratings that look like MovieLens 1M.")
    parser.add_argument("--out", required=True, help="folder to write ratings.dat, movies.dat and planted.csv into")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ratings", type=int, default=1_000_209)
    parser.add_argument("--users", type=int, default=6_040)
    parser.add_argument("--movies", type=int, default=3_706)
    args = parser.parse_args()
    if args.movies < ASKED:
        parser.error(f"--movies is at least {ASKED}, for a movie {ASKED} to be there")
    if not args.users * FEWEST <= args.ratings <= args.users * args.movies // 4:
        parser.error(f"--ratings is at least {FEWEST} for a user and at most a quarter of users times movies")
    if args.movies > args.users * FEWEST // 2:
        parser.error(f"--movies is at most {FEWEST // 2} for a user, for every movie to be rated")
    return args


def make(args):
    """The files, as (name, parts of bytes)."""
    ids = np.arange(1, args.movies * 16 // 15 + 2)
    ids = ids[ids % 16 != 8][:args.movies]  # as in MovieLens, some ids are not there
    ranks = rank_movies(args, ids)
    groups = np.where(ranks < GROUPS * GROUP_SIZE, ranks // GROUP_SIZE, -1)
    yield "movies.dat", [describe(number, args.seed, movie) for number, movie in enumerate(ids.tolist())]
    yield "planted.csv", [b"movie_id,group\n"] + [b"%d,%d\n" % (ids[at], groups[at])
                                                  for at in np.argsort(ranks)[:GROUPS * GROUP_SIZE]]
    yield "ratings.dat", rating_lines(args, ids, ranks, groups)


# Chance

def chance(seed, purpose, *keys):
    """A hash of the keys (whole numbers, or arrays of them), as evenly spread over 63 bits as chance."""
    state = np.array(seed * 1_000_003 + purpose, np.uint64)
    for key in keys:
        state = mixed(state ^ mixed(np.asarray(key).astype(np.uint64)))
    return (mixed(state) >> np.uint64(1)).astype(np.int64)


def mixed(x):
    """The mixing step of the generator SplitMix64."""
    with np.errstate(over="ignore"):
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


MOVIE_ORDER, USER_ORDER, DRAW, TASTE, SLIP, QUALITY, MOOD, WHIM, START, PAUSE, LOOK = range(11)


# Who rates what

def rank_movies(args, ids):
    """How many movies are better known than each one; movie 260 is in the first group."""
    order = np.argsort(chance(args.seed, MOVIE_ORDER, ids), kind="stable")
    order = np.concatenate([np.flatnonzero(ids == ASKED), order[ids[order] != ASKED]])
    ranks = np.empty(len(ids), np.int64)
    ranks[order] = np.arange(len(ids))
    return ranks


def shares(total, weights):
    """Whole numbers in proportion to the weights that add up to the total."""
    ends = np.cumsum(weights) * total // weights.sum()
    return np.diff(ends, prepend=0)


def ratings_of_users(args):
    """How many movies each user rates: at least 20, for most not many more, and for none over two thirds of all."""
    users, most = args.users, args.movies * 2 // 3
    place = np.argsort(np.argsort(chance(args.seed, USER_ORDER, np.arange(users)), kind="stable"))
    counts = FEWEST + shares(args.ratings - users * FEWEST, 10 ** 9 // (place + 1 + users // 38))
    while (excess := int(np.maximum(counts - most, 0).sum())):
        counts = np.minimum(counts, most)
        counts += shares(excess, (counts < most).astype(np.int64))
    return counts


def popularity(ranks):
    """Cumulative weights by which movies are drawn: about one over the rank, and less at the far end."""
    movies = len(ranks)
    knee = 1 + movies // 22
    weights = 10 ** 9 // (ranks + knee) - 10 ** 9 // (movies + 2 * knee)
    return np.cumsum(np.where(ranks < GROUP_SIZE, weights * FAVOUR, weights))


def choose(args, ranks):
    """Arrays (users, movies) of who rated what, by user, a few thousand users at a time. Movies are places in `ranks`."""
    counts, ends = ratings_of_users(args), popularity(ranks)
    movies = np.arange(args.movies)
    first_rater = movies * args.users // args.movies  # so that somebody rated every movie
    for start in range(0, args.users, USERS_AT_ONCE):
        wanted = counts[start:start + USERS_AT_ONCE]
        rated = np.zeros((len(wanted), args.movies), bool)
        here = (first_rater >= start) & (first_rater < start + len(wanted))
        rated[first_rater[here] - start, movies[here]] = True
        for turn in range(10_000):
            missing = wanted - rated.sum(axis=1)
            if not missing.any():
                break
            users = np.repeat(np.arange(len(wanted)), missing)
            luck = chance(args.seed, DRAW, users + start, turn, np.arange(len(users)))
            by_weight = turn < ROUNDS_BY_WEIGHT
            rated[users, np.searchsorted(ends, luck % ends[-1], side="right") if by_weight
                  else luck % args.movies] = True
        users, chosen = np.nonzero(rated)
        yield users + start, chosen


# How they rate

def rate(args, users, movies, groups):
    """The ratings of these users for these movies: by group and taste for planted movies, else by quality and mood."""
    seed, group = args.seed, groups[movies]
    taste = TASTES[chance(seed, TASTE, users, group + 1) % len(TASTES)]
    slip = chance(seed, SLIP, users, movies) % 20
    planted = taste + (slip == 0) - (slip == 1)
    quality = 26 + chance(seed, QUALITY, movies) % 18
    mood = chance(seed, MOOD, users) % 13 - 6
    whim = chance(seed, WHIM, users, movies)
    plain = (quality + mood + whim % 21 + whim // 21 % 21 - 20 + 5) // 10
    return np.clip(np.where(group >= 0, planted, plain), 1, 5)


def when(args, users, movies):
    """A user rates his movies within a few hours of some day."""
    start = chance(args.seed, START, users) % (LAST_RATED - FIRST_RATED - 20_000)
    return FIRST_RATED + start + chance(args.seed, PAUSE, users, movies) % 20_000


def rating_lines(args, ids, ranks, groups):
    for users, movies in choose(args, ranks):
        rows = np.column_stack([users + 1, ids[movies], rate(args, users, movies, groups), when(args, users, movies)])
        for at in range(0, len(rows), LINES_AT_ONCE):
            part = rows[at:at + LINES_AT_ONCE]
            yield (("%d::%d::%d::%d\n" * len(part)) % tuple(part.ravel().tolist())).encode("ascii")


# What movies are called

def describe(number, seed, movie):
    """A line of movies.dat. Names are made of syllables counted through, so that no two titles are the same."""
    count, head = divmod(number * 1_597 % 4_096, 16) if number < 4_096 else divmod(number, 16)
    count, middle = divmod(count, 16)
    more, tail = divmod(count, 16)
    name = HEADS[head] + MIDDLES[middle] + TAILS[tail] + (f" {more + 1}" if more else "")
    look = int(chance(seed, LOOK, movie))
    title = FORMS[look % len(FORMS)].format(name)
    genres = sorted({GENRES[look // 100 % len(GENRES)], GENRES[look // 10_000 % len(GENRES)]})
    return f"{movie}::{title} ({1930 + look // 1_000_000 % 71})::{'|'.join(genres)}\n".encode("latin-1")


def write_with_hadoop(folder, files):
    from pyspark import SparkConf, SparkContext

    sc = SparkContext.getOrCreate(SparkConf().setAppName("make-ratings"))
    for name, parts in files:
        path = sc._jvm.org.apache.hadoop.fs.Path(f"{folder}/{name}")
        stream = path.getFileSystem(sc._jsc.hadoopConfiguration()).create(path, True)
        for part in [b"".join(parts)] if name != "ratings.dat" else parts:
            stream.write(part)
        stream.close()
    sc.stop()


if __name__ == "__main__":
    main()
