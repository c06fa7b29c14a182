"""Compiles a Java class by the compiler that Spark brings. Run as: compile.py SOURCE CLASS TO"""
import sys

from pyspark.java_gateway import launch_gateway

source, name, to = sys.argv[1:]
with open(source, encoding="utf-8") as text:
    compiler = launch_gateway().jvm.org.codehaus.janino.SimpleCompiler()
    compiler.cook("OwnerFilter.java", text.read())
with open(to, "wb") as out:
    out.write(compiler.getBytecodes()[name])
