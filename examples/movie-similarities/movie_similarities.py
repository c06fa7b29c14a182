"""Finds the movies most like one movie, by comparing every pair of movies that somebody rated both of.

    spark-submit movie_similarities.py --ratings ratings.dat --movies movies.dat --movie 260 --out results

The likeness of two movies is the cosine of their ratings over the users who rated both; its strength is the
number of those users. A self-join of the ratings by user says this directly, and drowns in it: a million
ratings make 194 million rows. The same sums are the entries of products of sparse matrices (users x movies),
so this script cuts the movies into blocks and computes the table tile by tile, one tile for every two blocks.
Records are numpy arrays, a tile is one task, and no task holds more than two blocks and their tile: more data
makes more tiles, never bigger ones. It takes each user to have rated a movie once.

Under --out it writes `similar.csv`, the answer, and `pairs/`, every pair with enough strength, as Parquet.
It sets no master and no memory: the same file runs on YARN and on a cluster of one machine.
"""
import argparse
import csv
import io
import re
import sys
from itertools import islice

import numpy as np
from pyspark import SparkConf, SparkContext, StorageLevel

LINES_AT_ONCE = 200_000  # lines a task parses at a time
BLOCK_RATINGS = 2_000_000  # most ratings in a block, however few blocks the cores would be content with
BLOCK_MOVIES = 2_048  # most movies in a block: a tile is at most this by this
DENSE_CELLS = 1 << 24  # most cells of a dense users x movies batch
EXACT_IN_FLOAT32 = 1 << 24  # integers below this are exact in float32
SPARSE_COST = 1_000  # one pair of ratings taken one by one costs as much as this many cells of a dense product
SPARSE_PAIRS = 1 << 21  # pairs of ratings taken one by one at a time

LINE = re.compile(rb"\d{1,18}::\d{1,18}::\d{1,4}(\.[05])?::\d{1,18}")
COLON, NEWLINE, DOT, ZERO = b":\n.0"
KNOWN = np.zeros(256, bool)
KNOWN[list(b"0123456789:.\n")] = True


def main():
    args = arguments()
    sc = SparkContext.getOrCreate(SparkConf().setAppName("movie-similarities"))
    sc.setLogLevel("WARN")
    try:
        run(sc, args)
    except BadInput as error:
        sys.exit(f"movie_similarities: {error}")
    # Spark stops when the process ends, and half a second sooner than stop() here would have it.


def arguments():
    parser = argparse.ArgumentParser(description="Finds the movies most like one movie.")
    parser.add_argument("--ratings", required=True, help="lines UserID::MovieID::Rating::Timestamp")
    parser.add_argument("--movies", default="", help="lines MovieID::Title::Genres, in Latin-1, for the titles")
    parser.add_argument("--movie", type=int, required=True, help="the id of the movie asked for")
    parser.add_argument("--out", required=True, help="folder to write similar.csv and pairs/ into")
    parser.add_argument("--min-score", type=float, default=0.97, help="answer with scores above this")
    parser.add_argument("--min-strength", type=int, default=1000, help="answer with strengths above this")
    parser.add_argument("--top", type=int, default=10, help="longest answer wanted")
    parser.add_argument("--blocks", type=int, default=0, help="blocks of movies (chosen from the data)")
    return parser.parse_args()


class BadInput(Exception):
    """Something about the input that its owner has to put right."""


def run(sc, args):
    similar = args.out.rstrip("/") + "/similar.csv"
    remove(sc, similar)  # so that a run that fails does not leave the answer of an earlier one
    if not exists(sc, args.ratings):
        raise BadInput(f"{args.ratings}: no such file")
    titles = read_titles(sc, args.movies)
    ratings = sc.textFile(args.ratings, use_unicode=False).mapPartitions(parse).persist(StorageLevel.MEMORY_AND_DISK)
    movies, raters = count_raters(ratings, args.ratings)
    if args.movie not in movies:
        raise BadInput(f"{args.ratings}: nobody rated movie {args.movie}")

    blocks = cut_movies(movies, raters, args.blocks or blocks_wanted(int(raters.sum()), sc.defaultParallelism))
    tiles = compute_tiles(sc, ratings, blocks, args.min_strength).persist(StorageLevel.MEMORY_AND_DISK)
    seen, kept, rows = answer(tiles, args)
    print(f"{raters.sum():,} ratings of {len(movies):,} movies: {seen:,} pairs of movies, {kept:,} of them with "
          f"{args.min_strength:,} or more users in common")

    write_pairs(sc, tiles, kept, args.out.rstrip("/") + "/pairs")
    table = [(rank, movie, titles.get(movie, ""), score, strength)
             for rank, (movie, score, strength) in enumerate(rows, 1)]
    write_text(sc, similar, as_csv(table))
    show(table, args.movie, titles)


# Reading

def parse(lines):
    """Turns the lines of one split into arrays (users, movies, ratings doubled), and tells of a bad line."""
    lines = iter(lines)
    done = 0
    while batch := list(islice(lines, LINES_AT_ONCE)):
        columns = parse_batch(batch)
        if columns is None:
            bad = next(i for i, line in enumerate(batch) if not LINE.fullmatch(line))
            yield None, done + bad + 1, batch[bad]
            return
        yield columns
        done += len(batch)


def parse_batch(lines):
    """The columns of some lines, all lines at once, or None where a line is not what `LINE` describes."""
    text = np.frombuffer(b"\n".join(lines) + b"\n", np.uint8)
    marks = np.flatnonzero((text == COLON) | (text == NEWLINE))
    if len(marks) != 7 * len(lines) or not KNOWN[text].all():
        return None
    marks = marks.reshape(-1, 7)
    if (text[marks] != np.frombuffer(b"::::::\n", np.uint8)).any() or (marks[:, 1:6:2] - marks[:, 0:6:2] != 1).any():
        return None
    starts = np.column_stack([np.append(0, marks[:-1, 6] + 1), marks[:, 1] + 1, marks[:, 3] + 1, marks[:, 5] + 1])
    widths = marks[:, [0, 2, 4, 6]] - starts
    halves = text[marks[:, 4] - 2] == DOT
    tails = text[marks[:, 4] - 1]
    rating_widths = widths[:, 2] - 2 * halves
    if (widths.min() < 1 or widths.max() > 18 or rating_widths.min() < 1 or rating_widths.max() > 4
            or np.count_nonzero(text == DOT) != np.count_nonzero(halves)
            or (halves & (tails != ZERO) & (tails != ZERO + 5)).any()):
        return None
    ratings = 2 * integers(text, starts[:, 2], rating_widths) + (halves & (tails != ZERO))
    return (narrow(integers(text, starts[:, 0], widths[:, 0])), narrow(integers(text, starts[:, 1], widths[:, 1])),
            ratings.astype(np.int16))


def integers(text, starts, widths):
    """The whole numbers written at these places, digit by digit for all of them together."""
    values = np.zeros(len(starts), np.int64)
    for place in range(widths.max()):
        inside = widths > place
        digits = text[np.where(inside, starts + place, starts)].astype(np.int64) - ZERO
        values = np.where(inside, values * 10 + digits, values)
    return values


def narrow(values):
    """The same integers in 32 bits, if they fit: half as much to send."""
    return values.astype(np.int32) if values.max() < 1 << 31 else values


def count_raters(ratings, path):
    """All movie ids in order and the number of users who rated each."""
    def count(batches):
        batches = list(batches)
        bad = [batch for batch in batches if batch[0] is None]
        lines = sum(len(batch[0]) for batch in batches if batch[0] is not None)
        movies = [batch[1] for batch in batches if batch[0] is not None]
        yield lines, bad, np.unique(np.concatenate(movies), return_counts=True) if movies and not bad else None

    before, parts = 0, []
    for lines, bad, counted in ratings.mapPartitions(count).collect():
        if bad:
            _, number, line = bad[0]
            raise BadInput(f"{path}: line {before + number}: {line.decode('latin-1')!r} is not "
                           "UserID::MovieID::Rating::Timestamp")
        before += lines
        parts += [counted] if counted else []
    if not parts:
        raise BadInput(f"{path}: no ratings")
    movies, places = np.unique(np.concatenate([movies for movies, _ in parts]), return_inverse=True)
    return movies, np.bincount(places, np.concatenate([counts for _, counts in parts])).astype(np.int64)


def read_titles(sc, path):
    """The titles by movie id. The file is small and in Latin-1, which Spark's own text reader would spoil."""
    titles = {}
    for number, line in enumerate(read_bytes(sc, path).splitlines() if path else [], 1):
        fields = re.fullmatch(r"(\d+)::(.*)::.*?", line.decode("latin-1"))
        if not fields:
            raise BadInput(f"{path}: line {number}: {line.decode('latin-1')!r} is not MovieID::Title::Genres")
        titles[int(fields[1])] = fields[2]
    return titles


# Blocks and tiles

def blocks_wanted(ratings, cores):
    """As few blocks as give every core a few tiles, each block being sent to as many tiles as there are blocks."""
    blocks = 2
    while blocks * (blocks + 1) // 2 < 3 * cores:
        blocks += 1
    return max(blocks, -(-ratings // BLOCK_RATINGS))


def cut_movies(movies, raters, wanted):
    """Blocks of movie ids, most rated first, cut where one has its share of the ratings or is as wide as may be."""
    order = np.argsort(-raters, kind="stable")
    share = np.minimum((np.cumsum(raters[order]) - 1) * wanted // raters.sum(), wanted - 1)
    blocks = np.split(movies[order], np.flatnonzero(np.diff(share)) + 1)
    return [part for block in blocks for part in np.array_split(block, -(-len(block) // BLOCK_MOVIES))]


def places_of(blocks):
    """All movie ids in order, with the block of each and its column there."""
    movies = np.concatenate(blocks)
    block = np.repeat(np.arange(len(blocks)), [len(ids) for ids in blocks])
    column = np.concatenate([np.arange(len(ids)) for ids in blocks]).astype(np.int16)
    order = np.argsort(movies)
    return movies[order], block[order], column[order]


def compute_tiles(sc, ratings, blocks, min_strength):
    """One record for every tile: its number of pairs, and the arrays of those with enough users in common.

    The widest tiles, which take longest, come first.
    """
    numbers = range(len(blocks))
    tiles = [(i, j) for j in reversed(numbers) for i in reversed(range(j + 1))]
    wanted_by = [[(number, tile.index(block)) for number, tile in enumerate(tiles) if block in tile]
                 for block in numbers]
    shared = sc.broadcast(blocks)

    def cut(batches):
        known, block_of, column_of = places_of(shared.value)
        for users, movies, values in batches:
            place = np.searchsorted(known, movies)
            block, column = block_of[place], column_of[place]
            for number in numbers:
                here = np.flatnonzero(block == number)
                record = users[here], column[here], values[here]
                for tile, side in wanted_by[number] if len(here) else []:
                    yield tile, (side, record)

    def compute(number, records):
        i, j = tiles[number]
        sides = [], []
        for _, (side, record) in records:
            sides[side].append(record)
        left = joined(sides[0])
        right = left if i == j else joined(sides[1])
        yield compare(left, right, shared.value[i], shared.value[j], min_strength)

    return ratings.mapPartitions(cut).partitionBy(len(tiles), int).mapPartitionsWithIndex(compute)


def joined(records):
    return [np.concatenate(column) for column in zip(*records)]


def compare(left, right, left_ids, right_ids, min_strength):
    """Compares every movie of one block with every movie of another (or of itself, each two movies once)."""
    n, xx, yy, xy = sums(left, right, (len(left_ids), len(right_ids)))
    if left is right:
        n = np.triu(n, 1)
    seen = n > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.where(seen & (xx > 0) & (yy > 0), xy / (np.sqrt(xx) * np.sqrt(yy)), 0.0)
    a, b = np.nonzero(seen & (n >= min_strength))
    first, second = left_ids[a], right_ids[b]
    return (int(np.count_nonzero(seen)), np.minimum(first, second).astype(np.int64),
            np.maximum(first, second).astype(np.int64), score[a, b], n[a, b].astype(np.int64))


def sums(left, right, shape):
    """For every two movies, over the users who rated both: how many, and the sums of xx, yy and xy.

    A user who rated many movies of both blocks costs less in a dense product, one who rated few costs less with
    his pairs of ratings taken one by one.
    """
    same = left is right
    users = np.intersect1d(left[0], right[0])
    left = of_users(left, users)
    right = left if same else of_users(right, users)
    a, b = (np.bincount(side[0], minlength=len(users)) for side in (left, right))
    many = a * b * SPARSE_COST > shape[0] * shape[1]
    totals = np.zeros((4,) + shape)
    largest = max((int(side[2].max()) for side in (left, right) if len(side[2])), default=1)
    add_dense(totals, select(left, many), select(right, many), same, largest)
    add_sparse(totals, select(left, ~many), select(right, ~many))
    return totals


def of_users(side, users):
    """The ratings by these users, in their order, with a user's place among them for his id."""
    at = np.searchsorted(users, side[0])
    at[at == len(users)] = 0
    here = np.flatnonzero(users[at] == side[0]) if len(users) else np.array([], int)
    here = here[np.argsort(at[here], kind="stable")]
    return at[here], side[1][here].astype(np.int64), side[2][here].astype(np.int64)


def select(side, chosen):
    """The ratings by the chosen users, renumbered."""
    here = chosen[side[0]]
    return (np.cumsum(chosen) - 1)[side[0][here]], side[1][here], side[2][here]


def add_dense(totals, left, right, same, largest):
    """Adds the products of dense matrices, so many users at a time that float32 holds every sum exactly."""
    users = int(left[0][-1]) + 1 if len(left[0]) else 0
    batch = max(1, min(DENSE_CELLS // sum(totals.shape[1:]), EXACT_IN_FLOAT32 // max(largest, 1) ** 2 - 1))
    for start in range(0, users, batch):
        height = min(batch, users - start)
        x, x_seen = dense(left, start, height, totals.shape[1])
        y, y_seen = (x, x_seen) if same else dense(right, start, height, totals.shape[2])
        totals[0] += x_seen.T @ y_seen
        totals[3] += x.T @ y
        totals[1] += (x * x).T @ y_seen
        if not same:
            totals[2] += x_seen.T @ (y * y)
    if same:
        totals[2] += totals[1].T


def dense(side, start, height, width):
    """Ratings of some users as a matrix users x movies, and another that says which of them are there."""
    here = slice(*np.searchsorted(side[0], [start, start + height]))
    values, seen = np.zeros((2, height, width), np.float32)
    at = side[0][here] - start, side[1][here]
    values[at], seen[at] = side[2][here], 1
    return values, seen


def add_sparse(totals, left, right):
    """Adds up the pairs of ratings one by one, each rating of the left with every one of its user's on the right."""
    if not len(left[0]):
        return
    shape, cells = totals.shape[1:], totals.reshape(4, -1)
    rights = np.bincount(right[0], minlength=int(left[0][-1]) + 1)
    partners = rights[left[0]]
    begins = (np.cumsum(rights) - rights)[left[0]]
    ends = np.cumsum(partners)
    for start, stop in batches(ends):
        count = partners[start:stop]
        a = np.repeat(np.arange(start, stop), count)
        within = np.arange(len(a)) - np.repeat(np.cumsum(count) - count, count)
        b = np.repeat(begins[start:stop], count) + within
        cell = left[1][a] * shape[1] + right[1][b]
        x, y = left[2][a], right[2][b]
        for total, weights in zip(cells, (None, x * x, y * y, x * y)):
            total += np.bincount(cell, weights, cells.shape[1])


def batches(ends):
    """Ranges of ratings that have about `SPARSE_PAIRS` partners each."""
    start = 0
    while start < len(ends):
        done = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + SPARSE_PAIRS)))
        yield start, stop
        start = stop


# Answering and writing

def answer(tiles, args):
    """The numbers of pairs seen and kept, and (movie, score, strength) of those most like the movie asked for."""
    movie, min_score, min_strength, top = args.movie, args.min_score, args.min_strength, args.top

    def of_tile(tile):
        seen, first, second, score, strength = tile
        here = np.flatnonzero(((first == movie) | (second == movie)) & (score > min_score) & (strength > min_strength))
        other = first[here] + second[here] - movie
        rows = zip(other.tolist(), score[here].tolist(), strength[here].tolist())
        return seen, len(first), best(rows, top)

    parts = tiles.map(of_tile).collect()
    rows = best((row for _, _, rows in parts for row in rows), top)
    return sum(part[0] for part in parts), sum(part[1] for part in parts), rows


def best(rows, top):
    return sorted(rows, key=lambda row: (-row[1], -row[2], row[0]))[:top]


def write_pairs(sc, tiles, kept, path):
    """Writes the kept pairs as Parquet, in a file for every million of them."""
    from pyspark.sql import SparkSession, types

    rows = tiles.coalesce(1 + kept // 1_000_000).flatMap(lambda tile: zip(*(column.tolist() for column in tile[1:])))
    columns = ("movie1", types.LongType()), ("movie2", types.LongType()), ("score", types.DoubleType()), \
        ("strength", types.LongType())
    schema = types.StructType([types.StructField(name, kind, False) for name, kind in columns])
    frame = SparkSession.builder.getOrCreate().createDataFrame(rows, schema, verifySchema=False)
    frame.write.mode("overwrite").parquet(path)


def as_csv(table):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["rank", "movie_id", "title", "score", "strength"])
    writer.writerows((rank, movie, title, repr(score), strength) for rank, movie, title, score, strength in table)
    return out.getvalue()


def show(table, movie, titles):
    print(f"Most like {movie} {titles.get(movie, '')}".rstrip() + ("" if table else ": none"))
    for rank, other, title, score, strength in table:
        print(f"{rank:4}  {score:.6f}  {strength:7,}  {other:7}  {title}")


# Files, wherever Hadoop keeps them

def hadoop_path(sc, path):
    place = sc._jvm.org.apache.hadoop.fs.Path(path)
    return place.getFileSystem(sc._jsc.hadoopConfiguration()), place


def exists(sc, path):
    files, place = hadoop_path(sc, path)
    return bool(files.globStatus(place))


def read_bytes(sc, path):
    if not exists(sc, path):
        raise BadInput(f"{path}: no such file")
    files, place = hadoop_path(sc, path)
    stream = files.open(place)
    try:
        return bytes(sc._jvm.org.apache.commons.io.IOUtils.toByteArray(stream))
    finally:
        stream.close()


def remove(sc, path):
    files, place = hadoop_path(sc, path)
    files.delete(place, False)


def write_text(sc, path, text):
    """Writes one plain file, on a local disk without the checksum file Hadoop would put next to it."""
    files, place = hadoop_path(sc, path)
    files.setWriteChecksum(False)
    stream = files.create(place, True)
    stream.write(text.encode("utf-8"))
    stream.close()


if __name__ == "__main__":
    main()
