SELECT root."id"::text, concat('{"sku":␁',octet_length(root."sku"),':',root."sku",
',"price":␂',root."price",
',"attributes":',coalesce(root."attributes",'null'),
',"category":',coalesce(x2._1,'null'),
',"tags":[',x4._1,
'],"firstTags":[',x7._1,
'],"tagIds":[',x4._2,']}')
 FROM "public"."products" AS root
 LEFT JOIN LATERAL (SELECT concat('{"name":␁',octet_length(t1."name"),':',t1."name",'}') AS _1
 FROM "public"."categories" AS t1
 WHERE t1."id" = root."category_id") AS x2 ON true
 LEFT JOIN LATERAL (SELECT string_agg(concat('{"name":␁',octet_length(t3."name"),':',t3."name",'}'),',' ORDER BY t3."id") AS _1, string_agg(concat(t3."id"),',' ORDER BY t3."id") AS _2
 FROM "public"."product_tags" AS j5
 JOIN "public"."tags" AS t3 ON t3."id" = j5."tag_id"
 WHERE j5."product_id" = root."id") AS x4 ON true
 LEFT JOIN LATERAL (SELECT string_agg(concat('{"name":␁',octet_length(t6."name"),':',t6."name",'}'),',' ORDER BY t6."name", t6."id") AS _1
 FROM (SELECT t6.*
 FROM "public"."product_tags" AS j8
 JOIN "public"."tags" AS t6 ON t6."id" = j8."tag_id"
 WHERE j8."product_id" = root."id" ORDER BY t6."name", t6."id" LIMIT 2) AS t6) AS x7 ON true
 WHERE root."id" = ANY($1::pg_catalog.int8[]) AND root."archived_at" IS NULL
