-- Nobody is in two calls, also where two of their devices join at the same moment. Where they were, the older place goes.
delete from calls.presence a using calls.presence b
where a.user_id = b.user_id and (a.seen_at, a.call_id) < (b.seen_at, b.call_id);
drop index calls.presence_user;
create unique index presence_user on calls.presence (user_id);

-- Nothing asks by it.
drop index if exists calls.call_people;
