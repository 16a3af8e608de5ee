-- Artifacts: what is in use (artifact_active), what has been (artifact_history), the names of a group, and the
-- ledger of versions that may never be used again.

-- Orders versions bytewise by precedence (integers by value; SemVer 2.0.0 section 11), so that "latest" is an index lookup.
-- A release ends in 0xff; a pre-release lists its identifiers, each tagged 0x01 (number) or 0x02 (text), and ends in 0x00.
create function version_sort_key(version text) returns bytea language plpgsql immutable strict parallel safe as $$
declare
  core text[];
  identifier text;
  key bytea;
begin
  if version !~ '\.' then
    return int4send(version::int4);
  end if;
  core := string_to_array(split_part(version, '-', 1), '.');
  key := int8send(core[1]::int8) || int8send(core[2]::int8) || int8send(core[3]::int8);
  if strpos(version, '-') = 0 then
    return key || '\xff'::bytea;
  end if;
  foreach identifier in array string_to_array(substr(version, strpos(version, '-') + 1), '.') loop
    if identifier ~ '^[0-9]+$' then
      key := key || '\x01'::bytea || int8send(identifier::int8);
    else
      key := key || '\x02'::bytea || convert_to(identifier, 'UTF8') || '\x00'::bytea;
    end if;
  end loop;
  return key || '\x00'::bytea;
end $$;

-- One row per name that a group has ever used. It is locked first by every write to the name: it hands out
-- the gapless event sequence and keeps two writers of one name apart.
create table artifact_names (
  group_id text not null,
  type text not null,
  name text not null,
  versioning text not null constraint versioning_is_known check (versioning in ('integer', 'semver')),
  last_sequence bigint not null default 0,
  created_at timestamptz not null default now(),
  primary key (group_id, type, name)
);
create index artifact_names_by_name on artifact_names (group_id, name);

-- The ledger: a version once used is never used again, wherever its row has gone. Only a draft that was
-- never submitted gives its version back. status and usage_policy follow the artifact (trigger below).
create table artifact_versions (
  group_id text not null,
  type text not null,
  name text not null,
  version text not null,
  version_sort bytea not null generated always as (public.version_sort_key(version)) stored,
  is_prerelease boolean not null generated always as (strpos(version, '-') > 0) stored,
  artifact_id uuid not null,
  created_by text not null,
  content_hash text not null,
  status text not null,
  usage_policy text not null,
  submitted boolean not null,
  primary key (group_id, type, name, version),
  constraint ledger_names_an_artifact_once unique (group_id, artifact_id)
);
create index artifact_versions_by_precedence on artifact_versions (group_id, type, name, is_prerelease, version_sort desc);
create index artifact_versions_published_by_type on artifact_versions (type, artifact_id) where status = 'published';

create table artifact_active (
  id uuid primary key,
  group_id text not null constraint group_id_has_sane_length check (length(group_id) between 1 and 255),
  type text not null,
  name text not null constraint name_is_semantic check (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$' and name not in ('by-id', 'cleanup')),
  version text not null constraint version_is_integer_or_semver check (
    length(version) <= 64 and (version ~ '^[1-9][0-9]{0,9}$'
      or version ~ '^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?$')),
  version_sort bytea not null generated always as (public.version_sort_key(version)) stored,
  is_prerelease boolean not null generated always as (strpos(version, '-') > 0) stored,
  status text not null constraint status_is_known check (status in ('draft', 'on_verification', 'published', 'blocked')),
  usage_policy text not null constraint usage_policy_is_known check (usage_policy in ('internal_only', 'public', 'restricted')),
  created_by text not null constraint created_by_has_sane_length check (length(created_by) between 1 and 255),
  content_kind text not null constraint content_kind_is_known check (content_kind in ('json', 'text', 'binary')),
  content_type text not null constraint content_type_has_sane_length check (length(content_type) between 1 and 255),
  content_size bigint not null constraint content_size_is_not_negative check (content_size >= 0),
  content_hash text not null constraint content_hash_is_sha256 check (content_hash ~ '^[0-9a-f]{64}$'),
  content bytea,          -- what is sent: the bytes, or the RFC 8785 form of JSON
  json_content jsonb,     -- the same content, for JSON types
  metadata jsonb not null default '{}' constraint metadata_is_an_object check (jsonb_typeof(metadata) = 'object'),
  tags jsonb not null generated always as (coalesce(metadata -> 'tags', '[]'::jsonb)) stored,
  category text generated always as (metadata ->> 'category') stored,
  description text generated always as (metadata ->> 'description') stored,
  search_words tsvector not null generated always as (
    to_tsvector('simple', translate(name, '._-', '   ') || ' ' || coalesce(metadata ->> 'description', ''))) stored,
  validation_run_id uuid,
  blocked_reason text,
  duplicate_of uuid,
  revision bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  published_at timestamptz,
  last_accessed_at timestamptz,
  purged_at timestamptz,
  constraint content_is_there_unless_purged check ((content is null) = (purged_at is not null)),
  constraint json_content_belongs_to_json check ((json_content is not null) = (content_kind = 'json' and purged_at is null)),
  constraint published_has_a_time check (status <> 'published' or published_at is not null),
  constraint verification_has_a_run check (status <> 'on_verification' or validation_run_id is not null),
  constraint active_version_is_in_the_ledger foreign key (group_id, type, name, version)
    references artifact_versions (group_id, type, name, version)
);
create unique index artifact_active_coordinates on artifact_active (group_id, type, name, version);
create index artifact_active_latest on artifact_active (group_id, name, type, is_prerelease, version_sort desc) where status = 'published';
create index artifact_active_by_age on artifact_active (group_id, created_at desc, id desc);
create index artifact_active_by_name on artifact_active (group_id, name, type, version_sort desc, id);
create index artifact_active_by_hash on artifact_active (group_id, content_hash);
create index artifact_active_public on artifact_active (name, type) where status = 'published' and usage_policy = 'public';
create index artifact_active_tags on artifact_active using gin (tags);
create index artifact_active_metadata on artifact_active using gin (metadata jsonb_path_ops);
create index artifact_active_search on artifact_active using gin (search_words);

-- One row per stay in the archive: restoring copies the row back and sets restored_at, nothing else ever changes.
create table artifact_history (
  id uuid primary key,
  original_id uuid not null,
  group_id text not null,
  type text not null,
  name text not null,
  version text not null,
  version_sort bytea not null generated always as (public.version_sort_key(version)) stored,
  is_prerelease boolean not null generated always as (strpos(version, '-') > 0) stored,
  status text not null default 'archived' constraint history_is_archived check (status = 'archived'),
  usage_policy text not null constraint usage_policy_is_known check (usage_policy in ('internal_only', 'public', 'restricted')),
  created_by text not null,
  content_kind text not null constraint content_kind_is_known check (content_kind in ('json', 'text', 'binary')),
  content_type text not null,
  content_size bigint not null,
  content_hash text not null constraint content_hash_is_sha256 check (content_hash ~ '^[0-9a-f]{64}$'),
  content bytea,
  json_content jsonb,
  metadata jsonb not null constraint metadata_is_an_object check (jsonb_typeof(metadata) = 'object'),
  tags jsonb not null generated always as (coalesce(metadata -> 'tags', '[]'::jsonb)) stored,
  category text generated always as (metadata ->> 'category') stored,
  description text generated always as (metadata ->> 'description') stored,
  search_words tsvector not null generated always as (
    to_tsvector('simple', translate(name, '._-', '   ') || ' ' || coalesce(metadata ->> 'description', ''))) stored,
  validation_run_id uuid,
  blocked_reason text,
  duplicate_of uuid,
  revision bigint not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  published_at timestamptz not null,
  last_accessed_at timestamptz,
  purged_at timestamptz,
  archived_at timestamptz not null default now(),
  archived_by text not null,
  archive_reason text not null constraint archive_reason_is_known check (archive_reason in ('rolled_back', 'archived', 'superseded', 'cleanup')),
  restored_at timestamptz,
  constraint content_is_there_unless_purged check ((content is null) = (purged_at is not null)),
  constraint json_content_belongs_to_json check ((json_content is not null) = (content_kind = 'json' and purged_at is null)),
  constraint archived_version_is_in_the_ledger foreign key (group_id, type, name, version)
    references artifact_versions (group_id, type, name, version)
);
create unique index artifact_history_archived_once on artifact_history (group_id, original_id) where restored_at is null;
create index artifact_history_latest on artifact_history (group_id, name, type, is_prerelease, version_sort desc) where restored_at is null;
create index artifact_history_by_age on artifact_history (group_id, created_at desc, original_id desc) where restored_at is null;
create index artifact_history_by_hash on artifact_history (group_id, content_hash);
create index artifact_history_tags on artifact_history using gin (tags);
create index artifact_history_metadata on artifact_history using gin (metadata jsonb_path_ops);
create index artifact_history_search on artifact_history using gin (search_words);
