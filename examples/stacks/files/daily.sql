-- The sales of each shop and day. The stack gives ${sales} and ${report}.
CREATE TEMPORARY VIEW sales (day DATE, shop STRING, amount DECIMAL(10, 2))
USING csv
OPTIONS (path '${sales}', header 'true');

INSERT OVERWRITE DIRECTORY '${report}'
USING csv
OPTIONS (header 'true')
SELECT day, shop, sum(amount) AS amount, count(*) AS sales
FROM sales
GROUP BY day, shop
ORDER BY day, shop;
