-- +goose Up

-- Nothing waits for ever: a campaign that had no end gets that of its class (delivery.Campaign.end), and what waits ends with it.
UPDATE delivery_campaign SET expires = starts + CASE class WHEN 'emergency' THEN 86400000 WHEN 'priority' THEN 259200000 ELSE 604800000 END WHERE expires = 0;
UPDATE delivery_attempt SET expires = (SELECT c.expires FROM delivery_campaign c WHERE c.id = delivery_attempt.campaign)
    WHERE state IN ('planned', 'queued') AND campaign <> '' AND expires = 0 AND EXISTS (SELECT 1 FROM delivery_campaign c WHERE c.id = delivery_attempt.campaign);
INSERT INTO job (id, kind, key, payload, run_at, made) SELECT 'end-' || id, 'delivery.end', id, '{"Campaign":"' || id || '"}', expires, made
    FROM delivery_campaign WHERE state IN ('waiting', 'expanding', 'running', 'paused');
CREATE INDEX delivery_attempt_end ON delivery_attempt (expires) WHERE state IN ('planned', 'queued') AND expires > 0;
