-- Nothing reads booked_on any more: the new code has been alone since the release.
update postings set value_date = booked_on where value_date is null;
alter table postings alter column value_date set not null;
alter table postings drop column booked_on;
