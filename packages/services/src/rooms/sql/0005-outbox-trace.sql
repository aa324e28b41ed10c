-- W3C traceparent of the recorded journey that a row belongs to, for whoever works it off; null for nearly all.
alter table rooms.outbox add column trace text;
