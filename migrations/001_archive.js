/** What is archived: the state of each resource, its copies, and CKAN's task_status. */
export async function up(knex, { schema }) {
  await knex.schema.withSchema(schema).createTable('task_status', (table) => {
    table.text('id').primary().defaultTo(knex.raw('gen_random_uuid()::text')).comment('Identifier, as in CKAN');
    table.text('entity_id').notNullable().comment('The resource the task works on');
    table.text('entity_type').notNullable().comment('resource');
    table.text('task_type').notNullable().comment('archiver');
    table.text('key').notNullable().comment('status');
    table.text('value').notNullable().comment('JSON {code, status, reason, attempts, runId}');
    table.text('state').comment('pending, running, success or failure');
    table.text('error').comment('Empty on success, else a sentence for people');
    table.timestamp('last_updated').comment('When this row last changed');
    table.unique(['entity_id', 'task_type', 'key'], { indexName: 'task_status_entity_task_key' });
  });

  await knex.raw('create sequence ??.lease_token', [schema]);
  await knex.schema.withSchema(schema).createTable('archival', (table) => {
    table.text('resource_id').primary().comment('The resource in the portal');
    table.text('dataset_id').notNullable().index('archival_dataset').comment('The dataset of the resource');
    table.text('url').notNullable().comment('The URL last asked for');
    table.specificType('host', 'text collate "C"').notNullable().comment('host[:port] that politeness counts for');
    table.text('code').comment('How the last attempt ended; null: none ended yet');
    table.text('reason').comment('The same as a sentence for people');
    table.boolean('broken').comment('true broken, false works, null unsure');
    table.integer('attempts').notNullable().defaultTo(0).comment('Attempts made for the current request or check');
    table.boolean('retrying').notNullable().defaultTo(false).comment('The last attempt failed, and a retry follows');
    table.integer('failure_count').notNullable().defaultTo(0).comment('Failed requests in a row');
    table.timestamp('first_failure_at').comment('Start of the row of failures');
    table.timestamp('last_success_at').comment('When the link last worked');
    table.timestamp('checked_at').comment('When the last attempt ended');
    table.timestamp('next_check_at').comment('When to look again; null: never by itself');
    table.timestamp('fresh_until').comment('No request is needed before (RFC 9111)');
    table.integer('unchanged_count').notNullable().defaultTo(0).comment('Checks in a row that found nothing new');
    table.integer('changed_count').notNullable().defaultTo(0).comment('Checks in a row that found something new');
    table.jsonb('known').comment('The last confirming answer: validators, freshness, digests');
    table.text('final_url').comment('Where the redirects ended');
    table.boolean('moved').notNullable().defaultTo(false).comment('All redirects were permanent');
    table.text('copy_id').comment('The newest good copy');
    table.text('lane').notNullable().defaultTo('bulk').comment('priority: a person waits; bulk: a sweep');
    table.bigInteger('request_seq').notNullable().defaultTo(0).comment('Counts requests');
    table.bigInteger('done_seq').notNullable().defaultTo(0).comment('The last request that was answered');
    table.bigInteger('unrun_seq').notNullable().defaultTo(0).comment('The last request that no run made');
    table.specificType('run_ids', 'text[]').notNullable().defaultTo('{}').comment('Runs that wait for the answer');
    table.text('lease_owner').comment('The process that works on it');
    table.timestamp('lease_until').comment('When others may take over');
    table.bigInteger('lease_token').comment('Fencing token of the newest lease');
    table.timestamp('key_at').comment('Timestamp of the newest key; never goes back');
    table
      .specificType('open_keys', 'timestamptz[]')
      .notNullable()
      .defaultTo('{}')
      .comment('Timestamps of leases that ended without a record');
  });
  await knex.raw('alter table ??.archival set (fillfactor = 80)', [schema]);
  await knex.raw(
    `create index archival_due on ??.archival (host, next_check_at)
    where lane = 'bulk' and next_check_at is not null`,
    [schema],
  );
  await knex.raw(
    `create index archival_wanted on ??.archival (next_check_at)
    where lane = 'priority' and request_seq > done_seq`,
    [schema],
  );
  await knex.raw(
    `create index archival_retrying on ??.archival (host, next_check_at)
    where lane = 'bulk' and retrying`,
    [schema],
  );
  await knex.raw('create index archival_leased on ??.archival (lease_until) where lease_until is not null', [schema]);
  await knex.raw(`create index archival_runs on ??.archival using gin (run_ids) where run_ids <> '{}'`, [schema]);

  await knex.schema.withSchema(schema).createTable('copy', (table) => {
    table.text('id').primary().defaultTo(knex.raw('gen_random_uuid()::text')).comment('Identifier');
    table.text('resource_id').notNullable().comment('The resource it was fetched for');
    table.text('dataset_id').notNullable().comment('The dataset of the resource then');
    table.text('key').notNullable().unique('copy_key').comment('archive/{timestamp}/{resourceid}/filename.ext');
    table.bigInteger('bytes').notNullable().comment('Size');
    table.text('md5').notNullable().comment('MD5, hexadecimal');
    table.text('sha256').notNullable().comment('SHA-256, hexadecimal');
    table.text('media_type').comment('What the bytes are');
    table.text('format').comment('The same in the words of portals, e.g. CSV');
    table.text('charset').comment('Character set of text');
    table.text('filename').notNullable().comment('Last part of the key');
    table.text('url').notNullable().comment('The URL the resource had');
    table.text('final_url').notNullable().comment('The URL that answered');
    table.text('etag').comment('ETag of the answer');
    table.text('last_modified').comment('Last-Modified of the answer');
    table.timestamp('stored_at').notNullable().comment('When the bytes were safe');
    table.index(['resource_id', 'stored_at'], 'copy_resource');
  });
}

export async function down(knex, { schema }) {
  for (const table of ['copy', 'archival', 'task_status']) await knex.schema.withSchema(schema).dropTable(table);
  await knex.raw('drop sequence ??.lease_token', [schema]);
}
