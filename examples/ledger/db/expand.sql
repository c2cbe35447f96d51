-- Adds what the new code writes; the old code does not see it.
alter table postings add column value_date date;
create index postings_value_date on postings (value_date);
