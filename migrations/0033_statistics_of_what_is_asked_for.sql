-- While much is written these tables are analysed every minute, and a third of what that costs went into columns by which nobody
-- finds, joins or sorts a row: JSON was compared with JSON, text with text, and marks were made again of each row of the sample.
alter table artifact_active
  alter content set statistics 0, alter json_content set statistics 0, alter metadata set statistics 0;
alter table artifact_history
  alter content set statistics 0, alter json_content set statistics 0, alter metadata set statistics 0;
alter table artifact_events alter event_data set statistics 0;
alter table validation_runs alter findings set statistics 0;
alter table webhook_deliveries alter payload set statistics 0;
alter table webhook_attempts alter response_head set statistics 0;
-- What has a mark is found by functions that know how many rows they may look at, whatever the planner expects (0021, 0028).
alter index artifact_active_marks alter column 1 set statistics 0;
