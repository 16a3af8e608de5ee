import { type BatchRow, type Scan, toBatch } from '../scan.ts'

/**
 * What makes the database keep its promises by itself: enabled triggers, valid constraints and indexes, forced row-level
 * security. A restore with triggers disabled, or a hand that "only for a moment" switched one off, shows here.
 */
export const guards: Scan = {
  table: 'guards of the schema',
  first: [],
  batch: async (sql) =>
    toBatch(
      await sql<BatchRow[]>`
      with own as (
        select c.oid, c.relname, c.relrowsecurity and c.relforcerowsecurity as secured from pg_class c
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
      ), found as (
        select own.relname || '.' || t.tgname as key, 'trigger_is_enabled' as promise, t.tgenabled in ('O', 'A') as holds, 'a trigger that is switched off' as found
          from own join pg_trigger t on t.tgrelid = own.oid
        union all
        select own.relname || '.' || k.conname, 'constraint_is_valid', k.convalidated, 'a constraint that was never checked'
          from own join pg_constraint k on k.conrelid = own.oid
        union all
        select i.indexrelid::regclass::text, 'index_is_valid', i.indisvalid and i.indisready, 'an index that is not complete'
          from own join pg_index i on i.indrelid = own.oid
        union all
        select own.relname, 'rows_are_secured', own.secured, 'row-level security is not forced'
          from own where exists (select from pg_attribute where attrelid = own.oid and attname = 'group_id')
        union all
        select expected.name, 'trigger_is_enabled', exists (select from pg_trigger where tgname = expected.name), 'a trigger that is missing'
          from unnest(array['artifact_insert_guard', 'artifact_update_guard', 'artifact_content_guard', 'artifact_delete_guard',
                            'ledger_guard', 'ledger_delete_guard', 'ledger_follows_update', 'ledger_follows_restore', 'ledger_follows_archive',
                            'history_guard', 'history_purge_guard', 'run_begins_guard', 'validation_run_guard', 'events_are_append_only',
                            'policy_guard', 'versioning_guard', 'coordinates_guard', 'pending_guard', 'archived_lies_in_one_place',
                            'restored_lies_in_one_place', 'feed_guard']) as expected (name)
      )
      select (select count(*)::int from found) as scanned, null as last,
             (select jsonb_agg(jsonb_build_object('key', key, 'promise', promise, 'found', found)) from found where not holds) as faults`,
    ),
}
