#!/usr/bin/env bash
# Makes Open MPI's Java bindings for this machine's Open MPI: compiles them from Debian's source package, since Debian ships the
# native half (libmpi_java.so) but no mpi.jar. Touches nothing of the system's configuration. Usage: ringwood setup mpi
set -euo pipefail

home=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
target=$home/native

fail() {
  echo "ringwood: setup mpi: $1" >&2
  exit 2
}

if [ -n "${MPI_HOME:-}" ] && [ -r "$MPI_HOME/lib/mpi.jar" ]; then
  echo "nothing to do: $MPI_HOME has lib/mpi.jar, which the next build takes"
  exit
fi

for tool in apt-get dpkg-query tar; do
  command -v "$tool" >/dev/null || fail "$tool is missing: this needs a Debian-like system; elsewhere install Open MPI with its Java bindings (configure --enable-mpi-java; Fedora: openmpi-java) and set MPI_HOME to its folder"
done
javac=${JAVA_HOME:+$JAVA_HOME/bin/}javac
jar=${JAVA_HOME:+$JAVA_HOME/bin/}jar
command -v "$javac" >/dev/null || fail "no javac; set JAVA_HOME to a JDK"

# The native half is in the package of the library itself, whose name has changed over time.
package=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 'libopenmpi*' 2>/dev/null | awk '$1 == "ii" && $2 ~ /^libopenmpi[0-9]/ { print $2; exit }')
[ -n "$package" ] || fail "Open MPI is not installed; apt-get install openmpi-bin"
native=$(dpkg-query -L "$package" | grep -E '/libmpi_java\.so' | tail -n 1)
[ -n "$native" ] || fail "$package has no libmpi_java.so: Debian's Open MPI 5 dropped it, and transport mpi works without"
source=$(dpkg-query -W -f '${source:Package}=${source:Version}' "$package")
version=$(dpkg-query -W -f '${source:Upstream-Version}' "$package")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# apt may give up its rights while it fetches.
chmod 755 "$work"

# The sources of the same suites and mirrors as the system's packages, in a configuration of apt that is ours alone.
sources=$work/ringwood.sources
if [ -r /etc/apt/sources.list.d/debian.sources ]; then
  sed 's/^Types:.*/Types: deb-src/' /etc/apt/sources.list.d/debian.sources >"$sources"
elif grep -qsE '^deb ' /etc/apt/sources.list; then
  sources=$work/ringwood.list
  sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >"$sources"
else
  fail "neither /etc/apt/sources.list.d/debian.sources nor /etc/apt/sources.list names a mirror"
fi
mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
private=(-o "Dir::Etc::sourcelist=$sources" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache")
log=$work/log
(
  cd "$work"
  apt-get "${private[@]}" update
  apt-get "${private[@]}" --download-only source "$source"
) >"$log" 2>&1 || {
  tail -n 5 "$log" >&2
  fail "apt-get could not fetch the source package $source; is a mirror reachable?"
}

tarball=$(find "$work" -maxdepth 1 -name '*.orig.tar.*' -print -quit)
[ -n "$tarball" ] || fail "the source package $source has no upstream archive"
mkdir -p "$work/source" "$work/classes" "$target"
tar -xf "$tarball" -C "$work/source" --wildcards '*/ompi/mpi/java/java/*.java'
find "$work/source" -name '*.java' -print0 | xargs -0 "$javac" -nowarn -d "$work/classes" >"$log" 2>&1 || {
  tail -n 20 "$log" >&2
  fail "the bindings do not compile with $("$javac" -version)"
}
# The transport compares this with the library.
printf 'Implementation-Title: Open MPI Java bindings\nImplementation-Version: %s\n' "$version" >"$work/manifest"
"$jar" --create --file "$work/mpi.jar" --manifest "$work/manifest" -C "$work/classes" .
mv "$work/mpi.jar" "$target/mpi.jar"
# Java looks for this very name.
ln -sfn "$native" "$target/libmpi_java.so"
# So that the next command builds the part that needs the jar.
rm -f "$home/runtime/target/built"
echo "made native/mpi.jar for Open MPI $version"
