# shellcheck shell=bash
# The steps of the set-up, one function each, sourced by kit, which sets KIT_ROOT and ART.
# Each step looks whether its result is there and makes it when not. All messages go to standard error.

CLI=$ART/bin/NotebookKit.Cli/release/kit-cli
KERNEL=$ART/bin/NotebookKit.Kernel/release/kit-kernel

say() { echo "kit: $*" >&2; }
stop() { # exit code, one sentence
  say "${*:2}"
  exit "$1"
}
has() { command -v "$1" >/dev/null; }

# Does everything that is missing. "core" serves the command line, "notebooks" Jupyter as well.
set_up() {
  local level=$1
  need_sdk
  private_folders
  choose_torch
  up_to_date "$level" && return
  mkdir -p "$ART/log"
  exec 9>"$ART/.lock" && flock 9 # two calls at once: the second one waits and finds everything made
  up_to_date "$level" && return
  local started=$ART/.started
  touch "$started"
  plan_packages "$level"
  # The build needs nothing of the packages, which take minutes on a fresh machine: both at once, and both end together.
  set -m
  build &
  set +m
  local building=$!
  # shellcheck disable=SC2064 # the number of now
  trap "kill -- -$building 2>/dev/null" EXIT
  install_packages "$level"
  wait "$building" || exit
  trap - EXIT
  [ "$level" = core ] || kernelspec
  remember "$level" >"$started.choices" && touch -r "$started" "$started.choices"
  mv "$started.choices" "$ART/.ready"
  exec 9>&-
}

# True when the last set-up served this level, for the same wishes, and no source is newer than it.
up_to_date() {
  [ -f "$ART/.ready" ] && [ -x "$CLI" ] && has_torch || return 1
  local ready_level='' ready_wishes=''
  # shellcheck source=/dev/null
  source "$ART/.ready"
  [ "$ready_level" = notebooks ] || [ "$ready_level" = "$1" ] || return 1
  [ "$ready_wishes" = "$(wishes)" ] || return 1
  unchanged_since "$ART/.ready"
}

unchanged_since() { # a file
  [ -z "$(cd "$KIT_ROOT" && find kit setup src tests Kit.sln Directory.*.props global.json -newer "$1" -print -quit)" ]
}

wishes() { echo "$KIT_TORCH|$DOTNET_ROOT"; }

remember() {
  local ready_level=$1 ready_wishes
  ready_wishes=$(wishes)
  printf '%s=%q\n' ready_level "$ready_level" ready_wishes "$ready_wishes"
  printf 'export KIT_PYTHON=%q\n' "${KIT_PYTHON:-}"
}

# Runs one slow step with its output in a log: two lines while all is well, the end of the log when it fails.
step() { # name, command…
  local name=$1 log=$ART/log/${1// /-}.txt start=$SECONDS
  shift
  mkdir -p "$ART/log"
  say "$name …"
  if "$@" >"$log" 2>&1 </dev/null; then
    say "$name: done in $((SECONDS - start)) s"
  else
    unserved "$log"
    awk '!seen[$0]++' "$log" | tail -n 25 >&2
    stop 1 "$name: failed; all it said is in $log."
  fi
}

need_sdk() {
  local sdk='' get="install it from dotnet.microsoft.com/download (or your distribution's dotnet-sdk-10.0) so that 'dotnet' is on the PATH, and run this again."
  has dotnet || stop 2 "the .NET SDK 10 is missing: $get"
  sdk=$(dotnet --list-sdks | sed -n 's|^10\..* \[\(.*\)/sdk\]$|\1|p' | tail -n 1) # "10.0.401 [/usr/share/dotnet/sdk]"
  [ -n "$sdk" ] || stop 2 "'dotnet' has no SDK 10: $get"
  export DOTNET_ROOT=$sdk DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
}

# A verb is one file of the command line: a mistyped one is told before anything is installed.
need_verb() {
  local file verb=${1//-/}
  for file in "$KIT_ROOT"/src/NotebookKit.Cli/Verbs/{,*/}*Verb.cs; do
    file=${file##*/}
    [ "${file,,}" != "${verb,,}verb.cs" ] || return 0
  done
  stop 2 "'$1' is no verb of the kit; ./kit --help lists them."
}

# Jupyter writes into artifacts/ only; so does .NET where the home folder may not be written.
private_folders() {
  export JUPYTER_PATH=$ART/jupyter${JUPYTER_PATH:+:$JUPYTER_PATH} JUPYTER_DATA_DIR=$ART/jupyter/data \
    JUPYTER_RUNTIME_DIR=$ART/jupyter/runtime JUPYTER_CONFIG_DIR=$ART/jupyter/config IPYTHONDIR=$ART/jupyter/ipython
  [ ! -w "${HOME:-/nowhere}" ] || return 0
  export DOTNET_CLI_HOME=$ART/home NUGET_PACKAGES=${NUGET_PACKAGES:-$ART/home/nuget} \
    NUGET_HTTP_CACHE_PATH=$ART/home/nuget-http
}

# Which libtorch TorchSharp stands on: KIT_TORCH=cpu, where nothing is said, or cuda.
choose_torch() {
  KIT_TORCH=${KIT_TORCH:-cpu}
  [[ $KIT_TORCH =~ ^(cpu|cuda)$ ]] || stop 2 "KIT_TORCH=$KIT_TORCH is unknown: use cpu (the default) or cuda (for an NVIDIA GPU)."
  [[ $(uname -sm) != Linux* ]] || [ "$(uname -m)" = x86_64 ] ||
    stop 2 "TorchSharp has no libtorch for Linux on $(uname -m): take a machine with an x86-64 processor."
}

has_library() { [[ $(/sbin/ldconfig -p) == *"$1 "* ]]; }

# One line per thing that the machine must have: the check that it is there, or the Debian package that brings it.
missing_packages() {
  if [ "$1" = notebooks ]; then
    has_library libzmq.so.5 || echo libzmq5
    find_python || echo jupyter-nbconvert python3-nbclient jupyter-notebook
  fi
}

# The Python that runs notebooks: the distribution's where it has Jupyter, else the one on the PATH.
find_python() {
  local python
  for python in ${KIT_PYTHON:+"$KIT_PYTHON"} /usr/bin/python3 python3; do
    KIT_PYTHON=$("$python" -c 'import sys, importlib.util as u
sys.exit(not all(u.find_spec(m) for m in ("nbclient", "nbconvert", "notebook")) or print(sys.executable))' 2>/dev/null) &&
      export KIT_PYTHON && return
  done
  return 1
}

# What is to be installed, and how; stops with the command to run where this user may not.
plan_packages() { # level
  MISSING=$(missing_packages "$1" | xargs)
  [ -n "$MISSING" ] || return 0
  has apt-get || stop 2 "this machine has no apt-get; install by its own means what these Debian packages bring (environment.md tells what each is for), then run this again: $MISSING"
  [ "$(id -u)" != 0 ] || return 0
  has sudo && sudo -n true 2>/dev/null ||
    stop 2 "Debian packages are missing; run this, then the kit again: sudo apt-get update && sudo apt-get install --yes --no-install-recommends $MISSING"
}

install_packages() { # level
  if [ -n "$MISSING" ]; then
    say "missing: $MISSING"
    step "Debian packages" apt_get
  fi
  [ "$1" = core ] || find_python || stop 1 "Jupyter was installed, yet no Python finds nbclient, nbconvert and notebook."
}

# The package lists may be absent or stale: they are fetched only when the installation fails without.
apt_get() {
  local root=(env)
  [ "$(id -u)" = 0 ] || root=(sudo env)
  root+=(DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300)
  local packages
  read -ra packages <<<"$MISSING"
  local install=("${root[@]}" install --yes --no-install-recommends "${packages[@]}")
  "${install[@]}" || { "${root[@]}" update; "${install[@]}"; }
}

# Every project and the tests. No build server stays behind, and packages come from the committed lock files.
build() {
  local made=$ART/.built
  [ -x "$CLI" ] && [ -f "$made" ] && [ "$(<"$made")" = "$KIT_TORCH" ] && has_torch && unchanged_since "$made" && return
  mkdir -p "$ART"
  echo "$KIT_TORCH" >"$made.new" # its time is the build's start: a source saved meanwhile is newer
  local locked=true
  [ "$KIT_TORCH $(uname -s)" = "cpu Linux" ] || locked=false # the committed lock files are those of the CPU's libtorch
  step "build" dotnet build "$KIT_ROOT/Kit.sln" -c Release -v quiet -nologo -nodeReuse:false -p:KitTorch="$KIT_TORCH" \
    -p:UseSharedCompilation="${UseSharedCompilation:-false}" -p:RestoreLockedMode=$locked -p:NuGetAudit=false
  torch_packages >"$ART/.torch"
  mv "$made.new" "$made"
}

# The folders of TorchSharp and its libtorch in NuGet's cache, as the build found them.
torch_packages() {
  local assets=$ART/obj/NotebookKit/project.assets.json cache
  cache=$(sed -n '/"packageFolders"/ { n; s/.*"\(.*\)": .*/\1/p; q }' "$assets")
  sed -n 's#.*"path": "\(\(torchsharp\|libtorch-\)[^"]*\)".*#'"$cache"'\1#p' "$assets"
}

# Whether they are still there: somebody may have emptied the cache, or deleted a damaged package from it.
has_torch() {
  local package
  [ -s "$ART/.torch" ] || return 1
  while read -r package; do [ -d "$package" ] || return 1; done <"$ART/.torch"
}

# A build that failed because a package is not to be had is told in one sentence. The build before it stays as it was.
unserved() { # the build's log
  local package
  package=$(sed -n 's/.*NU110[12]: Unable to find package \([A-Za-z0-9.-]*[A-Za-z0-9]\).*/\1/p' "$1" | head -n 1)
  case $KIT_TORCH$package in
    cuda?*) stop 2 "NuGet's source does not serve $package $(version_of "$package"), which KIT_TORCH=cuda asks for; the CPU's libtorch works: KIT_TORCH=cpu, or nothing." ;;
    cpu?*) stop 1 "NuGet's source does not serve $package $(version_of "$package")." ;;
  esac
  ! grep -q NU1301 "$1" || stop 1 "packages are missing and NuGet's source does not answer; all it said is in $1."
}

version_of() { # a package that Directory.Packages.props pins, or a part of libtorch
  local props=$KIT_ROOT/Directory.Packages.props version property
  version=$(sed -n "s|.*Include=\"$1\" Version=\"\(.*\)\".*|\1|p" "$props")
  [[ $1 != libtorch-* ]] || version='$(LibTorchVersion)'
  property=${version//[\$()]/}
  [ "$property" = "$version" ] || version=$(sed -n "s|.*<$property>\(.*\)</$property>.*|\1|p" "$props")
  echo "$version"
}

kernelspec() {
  step "Jupyter kernel" "$KERNEL" install "$ART/jupyter/kernels"
}
