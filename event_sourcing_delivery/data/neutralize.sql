-- A copy for tests tells nobody anything, and knows nobody's secrets.
UPDATE event_destination SET identity = NULL;
DELETE FROM event_destination_secret;
UPDATE event_subscription SET state = 'paused', next_try = NULL WHERE kind = 'destination';
