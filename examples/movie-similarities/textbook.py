"""Finds the movies most like one movie the way courses teach it: join the ratings with themselves, group, compare.

    spark-submit textbook.py --ratings ratings.dat --movies movies.dat --movie 260 --out results

It is here to be compared with movie_similarities.py, which gives the same answer. A million ratings become
194 million joined rows, each of them a Python tuple that is written, sorted, sent and read again.
It writes `similar.csv` under --out, and not the table of all pairs.
"""
import argparse
import csv
import io
from math import sqrt

from pyspark import SparkConf, SparkContext

PARTITIONS = 100


def main():
    args = arguments()
    sc = SparkContext(conf=SparkConf().setAppName("movie-similarities-textbook"))
    sc.setLogLevel("WARN")

    ratings = sc.textFile(args.ratings).map(parse).partitionBy(PARTITIONS)
    pairs = ratings.join(ratings).filter(in_order).map(by_pair)
    similarities = pairs.partitionBy(PARTITIONS).groupByKey().mapValues(compare).cache()

    def wanted(row):
        pair, (score, strength) = row
        return args.movie in pair and score > args.min_score and strength > args.min_strength

    def other(row):
        (movie1, movie2), (score, strength) = row
        return score, strength, -(movie2 if movie1 == args.movie else movie1)

    best = similarities.filter(wanted).map(other).sortBy(lambda row: row, ascending=False).take(args.top)
    titles = read_titles(sc, args.movies)
    table = [(rank, -movie, titles.get(-movie, ""), score, strength)
             for rank, (score, strength, movie) in enumerate(best, 1)]
    write(sc, args.out.rstrip("/") + "/similar.csv", table)
    for rank, movie, title, score, strength in table:
        print(f"{rank:4}  {score:.6f}  {strength:7,}  {movie:7}  {title}")
    sc.stop()


def arguments():
    parser = argparse.ArgumentParser(description="Finds the movies most like one movie, the textbook's way.")
    parser.add_argument("--ratings", required=True, help="lines UserID::MovieID::Rating::Timestamp")
    parser.add_argument("--movies", default="", help="lines MovieID::Title::Genres, in Latin-1, for the titles")
    parser.add_argument("--movie", type=int, required=True, help="the id of the movie asked for")
    parser.add_argument("--out", required=True, help="folder to write similar.csv into")
    parser.add_argument("--min-score", type=float, default=0.97, help="answer with scores above this")
    parser.add_argument("--min-strength", type=int, default=1000, help="answer with strengths above this")
    parser.add_argument("--top", type=int, default=10, help="longest answer wanted")
    return parser.parse_args()


def parse(line):
    user, movie, rating, _ = line.split("::")
    return int(user), (int(movie), float(rating))


def in_order(row):
    """Keeps each two movies once, and none with itself."""
    _, ((movie1, _), (movie2, _)) = row
    return movie1 < movie2


def by_pair(row):
    _, ((movie1, rating1), (movie2, rating2)) = row
    return (movie1, movie2), (rating1, rating2)


def compare(ratings):
    """The cosine of the ratings that the same users gave two movies, and the number of those users."""
    xx = yy = xy = 0.0
    strength = 0
    for x, y in ratings:
        xx += x * x
        yy += y * y
        xy += x * y
        strength += 1
    norm = sqrt(xx) * sqrt(yy)
    return (xy / norm if norm else 0.0), strength


def read_titles(sc, path):
    if not path:
        return {}
    lines = sc.binaryFiles(path).values().flatMap(lambda content: content.splitlines())
    return dict(lines.map(lambda line: line.decode("latin-1").split("::", 1)).mapValues(lambda rest: rest.rsplit("::", 1)[0])
                .map(lambda row: (int(row[0]), row[1])).collect())


def write(sc, path, table):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["rank", "movie_id", "title", "score", "strength"])
    writer.writerows((rank, movie, title, repr(score), strength) for rank, movie, title, score, strength in table)
    place = sc._jvm.org.apache.hadoop.fs.Path(path)
    stream = place.getFileSystem(sc._jsc.hadoopConfiguration()).create(place, True)
    stream.write(text.getvalue().encode("utf-8"))
    stream.close()


if __name__ == "__main__":
    main()
