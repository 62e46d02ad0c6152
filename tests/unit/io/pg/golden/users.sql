SELECT root."id"::text, concat('{"id":',root."id",
',"email":',to_json(lower(btrim(root."email", E' \t\n\r\f\v'))),
',"kind":"customer","account":{"tier":␁',octet_length(root."tier"),':',root."tier",
',"country":␁',octet_length(root."country"),':',root."country",
',"newsletter":',CASE WHEN root."newsletter" THEN 'true' ELSE 'false' END,
',"loginCount":',root."login_count",
',"createdAt":␃',root."created_at",
'},"profile":',coalesce(x2._1,'null'),
',"orders":[',x4._1,
'],"orderCount":',x4._2,
',"lifetimeValue":␂',x4._4,
',"lastOrderAt":␃',x4._3,'}')
 FROM "public"."users" AS root
 LEFT JOIN LATERAL (SELECT concat('{"bio":␁',octet_length(t1."bio"),':',t1."bio",
',"locale":',CASE WHEN t1."locale" IS NULL THEN '"en"' ELSE concat('␁',octet_length(t1."locale"),':',t1."locale") END,'}') AS _1
 FROM "public"."profiles" AS t1
 WHERE t1."user_id" = root."id") AS x2 ON true
 LEFT JOIN LATERAL (SELECT string_agg(concat('{"id":',t3."id",
',"status":',to_json(t3."status"),
',"items":[',x6._1,']}'),',' ORDER BY t3."placed_at" DESC, t3."id" DESC) AS _1, count(*) AS _2, max(t3."placed_at") AS _3, sum(t3."total") FILTER (WHERE t3."status" <> 'cancelled') AS _4
 FROM "public"."orders" AS t3
 LEFT JOIN LATERAL (SELECT string_agg(concat('{"productId":',t5."product_id",
',"unitPrice":␂',t5."unit_price",'}'),',') AS _1
 FROM (SELECT t5.* FROM "public"."order_items" AS t5
 WHERE t5."order_id" = t3."id" ORDER BY t5."id") AS t5) AS x6 ON true
 WHERE t3."user_id" = root."id") AS x4 ON true
 WHERE root."id" = ANY($1::pg_catalog.int8[]) AND NOT (root."deleted" IS TRUE)
