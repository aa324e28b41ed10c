-- Gateways without a bus ask every second which memberships changed: among 50,000, the few of the last seconds.
create index member_changed on rooms.member (changed);
