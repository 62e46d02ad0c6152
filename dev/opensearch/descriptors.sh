#!/usr/bin/env bash
# Line 2 modules come as bare jars: writes the descriptor and, where needed, the security policy of each.
# usage: descriptors.sh SERVER_FOLDER VERSION        (line 3 brings its modules complete)
set -euo pipefail

modules=$1/modules version=$2
runtime='permission java.lang.RuntimePermission'
class='permission org.opensearch.script.ClassPermission'

module() {  # name classname [extended module] [policy]
  printf '%s\n' "description=$1" "version=$version" "name=$1" "classname=org.opensearch.$2" "java.version=11" \
    "opensearch.version=$version" "extended.plugins=${3:-}" "has.native.controller=false" \
    >"$modules/$1/plugin-descriptor.properties"
  [[ -z ${4:-} ]] || printf 'grant {\n%s\n};\n' "$4" >"$modules/$1/plugin-security.policy"
}

expression_classes=$(for c in java.lang.{String,Math} \
  org.apache.lucene.{expressions.Expression,search.DoubleValues,util.MathUtil,util.SloppyMath,expressions.js.ExpressionMath}; do
  printf '%s "%s";\n' "$class" "$c"
done)

module analysis-common analysis.common.CommonAnalysisPlugin lang-painless
module mapper-extras index.mapper.MapperExtrasPlugin
module parent-join join.ParentJoinPlugin
module percolator percolator.PercolatorPlugin
module rank-eval index.rankeval.RankEvalPlugin
module aggs-matrix-stats search.aggregations.matrix.MatrixAggregationPlugin
module geo geo.GeoModulePlugin
module ingest-common ingest.common.IngestCommonPlugin lang-painless
module lang-painless painless.PainlessPlugin '' "$runtime \"createClassLoader\"; $runtime \"getClassLoader\";"
module lang-mustache script.mustache.MustachePlugin '' "$runtime \"accessDeclaredMembers\";"
module lang-expression script.expression.ExpressionPlugin '' "$runtime \"createClassLoader\";
$expression_classes"
module reindex index.reindex.ReindexPlugin '' \
  'permission java.net.SocketPermission "*", "connect"; permission java.net.NetPermission "getProxySelector";'
