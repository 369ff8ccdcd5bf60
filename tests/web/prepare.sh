#!/usr/bin/env bash
# Sees to what the tests of the pages need: node, the packages of package-lock.json, a browser.
#
# usage: tests/web/prepare.sh [unit|browser]. With `unit` no browser is looked for. Whatever is
# missing is installed, and said to be; where that cannot be done the script says what to install.
set -euo pipefail
cd "$(dirname "$0")"
what="${1:-browser}"

# Two tests may come here at once.
exec 9>.lock
flock 9

say() { printf 'tests/web: %s\n' "$*" >&2; }

install() { # install COMMAND PACKAGE...
  command -v "$1" >/dev/null && return
  local command="$1"
  shift
  if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    say "$command is missing; install it first (on Debian: apt-get install $*)"
    exit 1
  fi
  say "$command is missing; installing $*"
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

if ! command -v node >/dev/null; then install node nodejs npm; fi
major="$(node -p 'process.versions.node.split(".")[0]')"
if [ "$major" -lt 20 ]; then
  say "node $major is too old; 20 or later is needed"
  exit 1
fi
if ! cmp -s package-lock.json node_modules/.installed; then
  install npm npm
  say "installing the packages of package-lock.json"
  npm ci --no-audit --no-fund --ignore-scripts --silent >&2
  cp package-lock.json node_modules/.installed
fi
if [ "$what" = browser ]; then
  # The names that browser/stage.mjs looks for.
  command -v chromium chromium-browser google-chrome >/dev/null || install chromium chromium
fi
