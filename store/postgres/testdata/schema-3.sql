-- A library as the third schema kept it. Each later schema finds it again.
INSERT INTO videos (id, workspace, title, source, state, error_code, error_message, sha256, size, language,
        captions_name, captions_sha256, media, created, updated, blob, captions_blob,
        duration_ns, title_folded, source_folded, language_folded)
    VALUES ('bees', 'default', 'About bees', '/videos/bees.mp4', 'partial', 'TRUNCATED_MEDIA', 'the file ends early', 'cafe', 12, 'en',
        'bees.vtt', 'f00d', '{"container":"mov","duration":60000000000}', '2026-02-03 04:05:06.000789+00', '2026-02-03 04:05:07.000789+00',
        'sources/ca/cafe', 'sources/f0/f00d', 60000000000, 'about bees', '/videos/bees.mp4', 'en'),
    ('older', 'default', 'Older', 'older.mp4', 'ready', '', '', 'beef', 1, '', '', '', NULL, '1970-01-01 00:00:00+00', '1970-01-01 00:00:00+00', 'sources/be/beef', '',
        0, 'older', 'older.mp4', '');

INSERT INTO stage_runs (workspace, video_id, stage, run, status, version, params, attempt, error_code, error_message, started, finished, result_run)
    VALUES ('default', 'bees', 'speech', 'run2', 'done', 3, 'p', 2, '', '', '2026-02-03 04:05:06+00', '2026-02-03 04:05:07+00', 'run2'),
    ('default', 'bees', 'package', 'run1', 'failed', 1, '', 1, 'NO_MEDIA', 'nothing in it', NULL, NULL, ''),
    ('default', 'bees', 'shots', 'run3', 'pending', 1, '', 1, '', '', '2026-02-03 04:05:06+00', NULL, '');

INSERT INTO cues (id, workspace, video_id, stage, kind, start_ns, end_ns, text, confidence, data, provenance)
    VALUES ('cue-1', 'default', 'bees', 'speech', 'speech', 1000000000, 2000000000, 'Bees make honey.', 0.5,
        '{"language":"en","source":"imported"}', '{"analyzer":"speech","version":3,"run":"run2"}'),
    ('cue-2', 'default', 'bees', 'speech', 'speech', 2000000000, 3000000000, 'They dance.', 1, NULL, '{"analyzer":"speech","version":3,"run":"run2"}');

INSERT INTO cue_terms (cue, terms, words)
    SELECT n, 'bee make honey', 'bee:1 make:2 honey:3' FROM cues WHERE id = 'cue-1';

INSERT INTO artifacts (workspace, video_id, stage, run, path, kind, type, language, time_ns, width, height, data)
    VALUES ('default', 'bees', 'speech', 'run2', 'captions.en.vtt', 'captions', 'text/vtt', 'en', 1, 2, 3, '{"a":1}');
