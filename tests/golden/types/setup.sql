-- Types that the tables of this folder use beside the built-in ones.
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS hstore;
CREATE TYPE mood AS ENUM ('sad', 'so "so"', 'happy');
CREATE DOMAIN short_text AS varchar(5);
CREATE DOMAIN amount AS double precision;
CREATE TYPE pair AS (n integer, t text, d double precision, at timestamp);
