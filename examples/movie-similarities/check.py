"""Checks an answer of movie_similarities.py against the same table computed plainly, in one process.

    check.py --ratings ratings.dat --movie 260 --similar results/similar.csv [--movies movies.dat] [--pairs results/pairs]

It shares no code with the script it checks: it fills one dense matrix of users x movies and compares columns.
The exit code is 0 when movies, order and strengths are the same and scores differ by at most 1e-9. Reading
--pairs, which is Parquet, needs pyspark; the rest needs numpy alone.
"""
import argparse
import csv
import glob
import sys

import numpy as np

TOLERANCE = 1e-9


def main():
    args = arguments()
    movies, matrix = read_ratings(args.ratings)
    differences = check_answer(args, movies, matrix)
    if args.pairs:
        differences += check_pairs(args, movies, matrix)
    for difference in differences[:20]:
        print(difference)
    if len(differences) > 20:
        print(f"... and {len(differences) - 20} more")
    sys.exit(1 if differences else 0)


def arguments():
    parser = argparse.ArgumentParser(description="Checks an answer of movie_similarities.py.")
    parser.add_argument("--ratings", required=True)
    parser.add_argument("--movies", default="", help="check the titles too")
    parser.add_argument("--movie", type=int, required=True)
    parser.add_argument("--similar", required=True, help="the similar.csv to check")
    parser.add_argument("--pairs", default="", help="the folder of all pairs to check")
    parser.add_argument("--min-score", type=float, default=0.97)
    parser.add_argument("--min-strength", type=int, default=1000)
    parser.add_argument("--top", type=int, default=10)
    return parser.parse_args()


def read_ratings(path):
    """The movie ids, and the matrix of users x movies with 0 where there is no rating."""
    with open(path, encoding="ascii") as file:
        rows = [line.split("::") for line in file]
    users, user = np.unique([int(row[0]) for row in rows], return_inverse=True)
    movies, movie = np.unique([int(row[1]) for row in rows], return_inverse=True)
    matrix = np.zeros((len(users), len(movies)))
    matrix[user, movie] = [float(row[2]) for row in rows]
    return movies, matrix


def compare_with_all(matrix, column):
    """The score and the strength of one movie with every movie."""
    mine = matrix[:, column]
    others = matrix[mine > 0]
    mine = mine[mine > 0]
    both = others > 0
    strength = both.sum(axis=0)
    norm = np.sqrt((mine * mine) @ both) * np.sqrt((others * others).sum(axis=0))
    return np.divide(mine @ others, norm, out=np.zeros(len(norm)), where=norm > 0), strength


def check_answer(args, movies, matrix):
    score, strength = compare_with_all(matrix, int(np.flatnonzero(movies == args.movie)[0]))
    passing = (score > args.min_score) & (strength > args.min_strength) & (movies != args.movie)
    expected = sorted((-score[i], -strength[i], movies[i]) for i in np.flatnonzero(passing))[:args.top]
    titles = read_titles(args.movies) if args.movies else {}
    with open(args.similar, encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)

    differences = []
    if header != ["rank", "movie_id", "title", "score", "strength"]:
        differences.append(f"{args.similar}: the header is {header}")
    if len(rows) != len(expected):
        differences.append(f"{args.similar}: {len(rows)} rows, expected {len(expected)}")
    for rank, (row, (score, strength, movie)) in enumerate(zip(rows, expected), 1):
        same = ([int(row[0]), int(row[1]), int(row[4])] == [rank, movie, -strength]
                and abs(float(row[3]) + score) <= TOLERANCE and repr(float(row[3])) == row[3]
                and (not titles or row[2] == titles[movie]))
        if not same:
            differences.append(f"{args.similar}: row {rank} is {row}, expected movie {movie}"
                               f"{' ' + repr(titles[movie]) if titles else ''}, {-score!r}, {-strength}")
    return differences


def read_titles(path):
    with open(path, encoding="latin-1") as file:
        rows = [line.rstrip("\n").split("::") for line in file]
    return {int(row[0]): "::".join(row[1:-1]) for row in rows}


def check_pairs(args, movies, matrix):
    expected = {}
    raters = (matrix > 0).sum(axis=0)
    for i in np.flatnonzero(raters >= args.min_strength):
        score, strength = compare_with_all(matrix, i)
        for j in np.flatnonzero(strength[i + 1:] >= args.min_strength) + i + 1:
            expected[int(movies[i]), int(movies[j])] = float(score[j]), int(strength[j])
    found = read_pairs(args.pairs)
    differences = [f"{args.pairs}: {pair} is missing" for pair in expected.keys() - found.keys()]
    differences += [f"{args.pairs}: {pair} should not be there" for pair in found.keys() - expected.keys()]
    for pair in expected.keys() & found.keys():
        if expected[pair][1] != found[pair][1] or abs(expected[pair][0] - found[pair][0]) > TOLERANCE:
            differences.append(f"{args.pairs}: {pair} is {found[pair]}, expected {expected[pair]}")
    return sorted(differences)


def read_pairs(folder):
    from pyspark.sql import SparkSession

    if not glob.glob(folder + "/*.parquet"):
        return {}
    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    rows = spark.read.parquet(folder).select("movie1", "movie2", "score", "strength").collect()
    spark.stop()
    return {(movie1, movie2): (score, strength) for movie1, movie2, score, strength in rows}


if __name__ == "__main__":
    main()
