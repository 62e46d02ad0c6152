SELECT root."id"::text, concat('{"sku":␁',octet_length(root."sku"),':',root."sku",
',"price":␂',root."price",
',"attributes":',coalesce(root."attributes",'null'),
',"category":',coalesce(x2._1,'null'),
',"tags":[',x4._1,
'],"firstTags":[',x6._1,
'],"tagIds":[',x4._2,']}')
 FROM "public"."products" AS root
 LEFT JOIN LATERAL (SELECT concat('{"name":␁',octet_length(t1."name"),':',t1."name",'}') AS _1
 FROM "public"."categories" AS t1
 WHERE t1."id" = root."category_id") AS x2 ON true
 LEFT JOIN LATERAL (SELECT string_agg(concat('{"name":␁',octet_length(t3."name"),':',t3."name",'}'),',' ORDER BY t3."id") AS _1, string_agg(concat(t3."id"),',' ORDER BY t3."id") AS _2
 FROM "public"."product_tags" AS j3
 JOIN "public"."tags" AS t3 ON t3."id" = j3."tag_id"
 WHERE j3."product_id" = root."id") AS x4 ON true
 LEFT JOIN LATERAL (SELECT string_agg(concat('{"name":␁',octet_length(t5."name"),':',t5."name",'}'),',' ORDER BY t5."name", t5."id") AS _1
 FROM (SELECT t5.*
 FROM "public"."product_tags" AS j5
 JOIN "public"."tags" AS t5 ON t5."id" = j5."tag_id"
 WHERE j5."product_id" = root."id" ORDER BY t5."name", t5."id" LIMIT 2) AS t5) AS x6 ON true
 WHERE root."id" = ANY($1::pg_catalog.int8[]) AND root."archived_at" IS NULL
