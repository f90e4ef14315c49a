SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE SCHEMA weryai;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE weryai.about (
    name text NOT NULL,
    value text NOT NULL
);
CREATE TABLE weryai.jobs (
    id bigint NOT NULL,
    key text NOT NULL,
    state text DEFAULT 'queued'::text NOT NULL,
    image text NOT NULL,
    parameters text NOT NULL,
    digest text NOT NULL,
    line integer NOT NULL,
    load integer NOT NULL,
    price double precision,
    picture text,
    task_id text,
    named text,
    batch_id text,
    submits integer DEFAULT 0 NOT NULL,
    reason text,
    kind text,
    path text,
    sha256 text,
    size bigint,
    worker text,
    created double precision NOT NULL,
    began double precision,
    submitted double precision,
    ended double precision,
    changed double precision NOT NULL,
    CONSTRAINT jobs_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'submitting'::text, 'submitted'::text, 'done'::text, 'failed'::text, 'ambiguous'::text])))
);
ALTER TABLE weryai.jobs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME weryai.jobs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE weryai.lease (
    id integer NOT NULL,
    holder text NOT NULL,
    until double precision NOT NULL,
    CONSTRAINT lease_id_check CHECK ((id = 1))
);
CREATE TABLE weryai.run (
    id integer NOT NULL,
    base_url text,
    key text,
    submits integer DEFAULT 0 NOT NULL,
    credits double precision DEFAULT 0 NOT NULL,
    budget_tasks integer,
    budget_credits double precision,
    rate double precision,
    in_flight integer,
    next_turn double precision DEFAULT 0 NOT NULL,
    CONSTRAINT run_id_check CHECK ((id = 1))
);
CREATE TABLE weryai.uploads (
    picture text NOT NULL,
    address text NOT NULL,
    uploaded double precision NOT NULL
);
INSERT INTO weryai.about VALUES ('schema', '1');
INSERT INTO weryai.about VALUES ('salt', '32849bdbec33892128cee288e3d70a4f');
INSERT INTO weryai.about VALUES ('load', '1');
INSERT INTO weryai.jobs OVERRIDING SYSTEM VALUE VALUES (3, 'job-queued', 'queued', 'https://pictures.example/3.jpg', '{"aspect_ratio":"16:9","duration":5,"model":"WERYAI_VIDEO_1_0","prompt":"The sea moves"}', 'f033c368a34b42136f057f2d', 4, 1, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, 1796004791.051947, NULL, NULL, NULL, 1796004791.051947);
INSERT INTO weryai.jobs OVERRIDING SYSTEM VALUE VALUES (8, '3481ec11de8dfd25', 'queued', 'https://pictures.example/8.jpg?v=8&X-Amz-Date=20250101T000000Z&X-Amz-Signature=00ff', '{"aspect_ratio":"16:9","duration":5,"model":"WERYAI_VIDEO_1_0","prompt":"The sea moves"}', '3481ec11de8dfd25ab5eaba2', 9, 1, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, 1796004791.051947, NULL, NULL, NULL, 1796004791.051947);
INSERT INTO weryai.jobs OVERRIDING SYSTEM VALUE VALUES (11, '32158ad5df7fb67e', 'queued', '/srv/weryai/photos/smile.jpg', '{"aspect_ratio":"16:9","duration":5,"model":"WERYAI_VIDEO_1_0","prompt":"The sea moves"}', '32158ad5df7fb67e14b46e7b', 12, 1, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, 1796004791.051947, NULL, NULL, NULL, 1796004791.051947);
INSERT INTO weryai.jobs OVERRIDING SYSTEM VALUE VALUES (7, '1c690ba86473454e', 'done', 'https://pictures.example/7.jpg?v=7&X-Amz-Date=20250101T000000Z&X-Amz-Signature=00ff', '{"aspect_ratio":"16:9","duration":5,"model":"WERYAI_VIDEO_1_0","prompt":"The sea moves"}', '1c690ba86473454e883a77fc', 8, 1, NULL, NULL, 'task-7', NULL, NULL, 1, NULL, NULL, '/srv/weryai/videos/signed.mp4', 'abababababababababababababababababababababababababababababababab', 1234, NULL, 1796004791.051947, 1796004791.0689948, 1796004791.0693016, 1796004791.069591, 1796004791.0695925);
INSERT INTO weryai.jobs OVERRIDING SYSTEM VALUE VALUES (1, 'job-done', 'done', 'https://pictures.example/1.jpg', '{"aspect_ratio":"16:9","duration":5,"model":"WERYAI_VIDEO_1_0","prompt":"The sea moves"}', 'a800279f30534bd85a75be4e', 2, 1, NULL, NULL, 'task-1', NULL, NULL, 1, NULL, NULL, '/srv/weryai/videos/job-done.mp4', 'abababababababababababababababababababababababababababababababab', 1234, NULL, 1796004791.051947, 1796004791.059955, 1796004791.060535, 1796004791.0609047, 1796004791.060906);
INSERT INTO weryai.jobs OVERRIDING SYSTEM VALUE VALUES (2, 'job-paid', 'submitted', 'https://pictures.example/2.jpg', '{"aspect_ratio":"16:9","duration":5,"model":"WERYAI_VIDEO_1_0","prompt":"The sea moves"}', 'f9bf70383338831267d0b96a', 3, 1, NULL, NULL, 'task-2', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 1796004791.051947, 1796004791.0614853, 1796004791.0618613, NULL, 1796004791.0618644);
INSERT INTO weryai.jobs OVERRIDING SYSTEM VALUE VALUES (5, 'job-ambiguous', 'ambiguous', 'https://pictures.example/5.jpg', '{"aspect_ratio":"16:9","duration":5,"model":"WERYAI_VIDEO_1_0","prompt":"The sea moves"}', '97bdb1b31c26bef288510906', 6, 1, NULL, NULL, NULL, NULL, NULL, 1, 'no answer came', 'ambiguous', NULL, NULL, NULL, NULL, 1796004791.051947, 1796004791.067079, NULL, NULL, 1796004791.0674722);
INSERT INTO weryai.jobs OVERRIDING SYSTEM VALUE VALUES (6, 'job-failed', 'failed', 'https://pictures.example/6.jpg', '{"aspect_ratio":"16:9","duration":5,"model":"WERYAI_VIDEO_1_0","prompt":"The sea moves"}', 'cfa54bf14d85b51cdb54951e', 7, 1, NULL, NULL, 'task-6', NULL, NULL, 1, 'Copyright restrictions', 'task failed', NULL, NULL, NULL, NULL, 1796004791.051947, 1796004791.067948, 1796004791.0682657, 1796004791.0685291, 1796004791.0685296);
INSERT INTO weryai.jobs OVERRIDING SYSTEM VALUE VALUES (9, '5d704c2d61189164', 'done', '/srv/weryai/photos/portrait.jpg', '{"aspect_ratio":"16:9","duration":5,"model":"WERYAI_VIDEO_1_0","prompt":"The sea moves"}', '5d704c2d61189164e4cbe8cc', 10, 1, NULL, NULL, 'task-9', NULL, NULL, 1, NULL, NULL, '/srv/weryai/videos/portrait.mp4', 'abababababababababababababababababababababababababababababababab', 1234, NULL, 1796004791.051947, 1796004791.0764244, 1796004791.0768626, 1796004791.0771754, 1796004791.0771766);
INSERT INTO weryai.jobs OVERRIDING SYSTEM VALUE VALUES (10, 'bf4262df739cc194', 'submitted', '/srv/weryai/photos/flag.jpg', '{"aspect_ratio":"16:9","duration":5,"model":"WERYAI_VIDEO_1_0","prompt":"The sea moves"}', 'bf4262df739cc1947661c99b', 11, 1, NULL, NULL, 'task-10', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 1796004791.051947, 1796004791.0775964, 1796004791.0778854, NULL, 1796004791.0778878);
INSERT INTO weryai.jobs OVERRIDING SYSTEM VALUE VALUES (4, 'job-open', 'submitting', 'https://pictures.example/4.jpg', '{"aspect_ratio":"16:9","duration":5,"model":"WERYAI_VIDEO_1_0","prompt":"The sea moves"}', 'c81120763488942a1b00c553', 5, 1, NULL, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, '7@gone', 1796004791.051947, 1796004791.0786257, NULL, NULL, 1796004791.0786266);
INSERT INTO weryai.run VALUES (1, NULL, NULL, 8, 0, 100, NULL, NULL, NULL, 0);
INSERT INTO weryai.uploads VALUES ('2a1a286363cea653f05d83faa5633925076fef9eb85d4ea1506988f8176aff44', 'https://uploads.example/portrait.jpg', 1796004791.0701869);
INSERT INTO weryai.uploads VALUES ('e41d248ccd5f82ca342fad81ccb8e62f7c43cbb1615dc0457eb7bbc724d2281e', 'https://uploads.example/flag.jpg', 1796004791.0756743);
SELECT pg_catalog.setval('weryai.jobs_id_seq', 11, true);
ALTER TABLE ONLY weryai.about
    ADD CONSTRAINT about_pkey PRIMARY KEY (name);
ALTER TABLE ONLY weryai.jobs
    ADD CONSTRAINT jobs_key_key UNIQUE (key);
ALTER TABLE ONLY weryai.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY weryai.lease
    ADD CONSTRAINT lease_pkey PRIMARY KEY (id);
ALTER TABLE ONLY weryai.run
    ADD CONSTRAINT run_pkey PRIMARY KEY (id);
ALTER TABLE ONLY weryai.uploads
    ADD CONSTRAINT uploads_pkey PRIMARY KEY (picture);
CREATE INDEX jobs_by_state ON weryai.jobs USING btree (state, id);
