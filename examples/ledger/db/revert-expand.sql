-- The old code never read the column.
drop index postings_value_date;
alter table postings drop column value_date;
