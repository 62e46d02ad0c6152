# Sourced by dev/test for --fuzz: builds the libFuzzer programs with clang and runs one after the other, each from the
# corpus, what earlier runs found (build/fuzz/corpus/) and the kept regressions. A finding stays in build/fuzz/findings/.
# shellcheck shell=bash

readonly fuzz_targets=(toml yaml lock pgoutput stream reply)

# Where a target's inputs come from, beside tests/fuzz/corpus and tests/fuzz/regressions.
fuzz_seeds() {
  case $1 in
    toml) printf '%s\n' tests/corpus/good/config tests/corpus/bad/config ;;
    yaml) printf '%s\n' tests/corpus/good/schema tests/corpus/bad/schema ;;
    lock) printf '%s\n' tests/unit/io/config/golden ;;
  esac
  for folder in "tests/fuzz/corpus/$1" "tests/fuzz/regressions/$1"; do
    [[ ! -d $folder ]] || printf '%s\n' "$folder"
  done
}

build_fuzzers() {
  local log=$WORK/build-fuzz.log begun=$SECONDS
  if child_run "$log" bash -c 'cmake --preset fuzz && cmake --build --preset fuzz'; then
    printf '%-24s %d s\n' "build fuzz" $((SECONDS - begun))
  else
    report "build fuzz" 0 1 0 $((SECONDS - begun)) "$log"
    return 1
  fi
}

# run_fuzzer TARGET SECONDS
run_fuzzer() {
  local target=$1 limit=$2 begun=$SECONDS status=0 executions finding seconds_per_suite=$(($2 + 300))
  local log=$WORK/fuzz-$target.log grown=build/fuzz/corpus/$target findings=build/fuzz/findings/$target
  local options=(-max_total_time="$limit" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 "-artifact_prefix=$findings/")
  local seeds
  mkdir -p "$grown" "$findings"
  touch "$WORK/fuzz-$target.begun"
  mapfile -t seeds < <(fuzz_seeds "$target")
  [[ ! -f tests/fuzz/dictionaries/$target.dict ]] || options+=("-dict=tests/fuzz/dictionaries/$target.dict")
  UBSAN_OPTIONS=print_stacktrace=1 \
    child_run "$log" "build/fuzz/bin/fuzz_$target" "${options[@]}" "$grown" "${seeds[@]}" || status=$?
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  if ((status == 0)); then
    report "fuzz $target" 1 0 0 $((SECONDS - begun))
    printf '    %s executions\n' "${executions:-unknown}"
    return
  fi
  tail -n 60 "$log" >"$log.short"
  report "fuzz $target" 0 1 0 $((SECONDS - begun)) "$log.short"
  printf '    %s executions\n' "${executions:-unknown}"
  while IFS= read -r finding; do
    printf '    kept: %s\n    again: build/fuzz/bin/fuzz_%s %s\n    once it is mended: move it to tests/fuzz/regressions/%s/\n' \
      "$PWD/$finding" "$target" "$finding" "$target"
  done < <(find "$findings" -type f -newer "$WORK/fuzz-$target.begun")
}

# run_fuzz SECONDS: every target
run_fuzz() {
  local target
  build_fuzzers || return 0
  for target in "${fuzz_targets[@]}"; do run_fuzzer "$target" "$1"; done
}
