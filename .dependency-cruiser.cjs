const STEPS = '(fetch|store|record|job|trigger|notify|mail|show|portal|cli)';

/** A library has one door: only these files may use its code; its types may go anywhere. */
const door = (library, files, comment) => ({
  name: `door-of-${library.replace(/[^a-z0-9]+/gi, '-').replace(/^-|-$/g, '')}`,
  comment,
  severity: 'error',
  from: { path: '^plugin/', pathNot: files },
  to: { path: library, dependencyTypesNot: ['type-only'] },
});

/** Files that import an SDK which may be missing. */
const ON_DEMAND = '^plugin/(store/((azure|cloudStorage|s3)[^/]*|flush/syncfs)|job/mongoJobs|show/taskToken)\\.ts$';

const npm = (names) => `^(node_modules/)?(${names})(/|$)`;

/**
 * The rooms of a step and those that each may import from, types too. `.` stands for the files that lie in the step itself:
 * in fetch/ they make an attempt of all the rooms, and no room knows them.
 */
const ROOMS = {
  fetch: {
    http: [],
    outcome: ['http'],
    connect: ['http'],
    exchange: ['connect', 'outcome', 'http'],
    cache: ['outcome', 'http'],
    follow: ['exchange', 'outcome', 'http'],
    sniff: ['http'],
    service: ['sniff'],
    digest: ['http'],
    html: [],
    landing: ['html', 'sniff', 'http'],
    form: ['html', 'outcome', 'http'],
    thread: ['digest'],
    body: ['exchange', 'cache', 'sniff', 'service', 'digest', 'outcome', 'http'],
    retrieve: ['thread'],
    '.': [
      'http',
      'outcome',
      'connect',
      'exchange',
      'cache',
      'follow',
      'sniff',
      'service',
      'digest',
      'thread',
      'body',
      'landing',
      'form',
    ],
  },
  record: {
    cluster: [],
    database: [],
    coordination: ['database', 'contracts'],
    history: ['database', 'contracts'],
    proposal: ['database', 'contracts'],
    archival: ['history', 'proposal', 'coordination', 'database', 'contracts'],
    run: ['archival', 'coordination', 'database', 'contracts'],
    operator: ['run', 'database', 'contracts'],
    report: ['history', 'database', 'contracts'],
    mail: ['report', 'history', 'database', 'contracts'],
    '.': ['archival', 'history', 'proposal', 'run', 'operator', 'report', 'mail', 'coordination', 'database'],
  },
  cli: {
    context: [],
    archive: ['context'],
    operate: ['context'],
    probe: ['context'],
    ckan: ['context'],
    '.': ['archive', 'operate', 'probe', 'ckan', 'context'],
  },
};

const filesOf = (step, room) => {
  if (room === '.') return `^plugin/${step}/[^/]+$`;
  return room === 'contracts' ? `^plugin/${step}/[A-Z][^/]*$` : `^plugin/${step}/${room}/`;
};

const roomRules = Object.entries(ROOMS).flatMap(([step, rooms]) =>
  Object.entries(rooms).map(([room, allowed]) => ({
    name: room === '.' ? step : `${step}-${room}`,
    comment: `May import ${allowed.length > 0 ? allowed.join(', ') : 'none of the other rooms'} in ${step}/, types too.`,
    severity: 'error',
    from: { path: filesOf(step, room) },
    to: { path: `^plugin/${step}/`, pathNot: [room, ...allowed].map((name) => filesOf(step, name)) },
  })),
);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Modules that need each other are one module, also where they need types only.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'An import that leads nowhere would also hide what it breaks.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'steps-apart',
      comment: "A step may use another step's types, never its code.",
      severity: 'error',
      from: { path: `^plugin/${STEPS}/` },
      to: { path: `^plugin/${STEPS}/`, pathNot: '^plugin/$1/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'steps-know-no-edges',
      comment: 'A step uses the vocabulary and the errors; what wires the steps is above them.',
      severity: 'error',
      from: { path: `^plugin/${STEPS}/`, pathNot: '^plugin/cli/' },
      to: {
        path: '^plugin/([^/]+$|settings/|wiring/|work/)',
        pathNot: '^plugin/errors\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'work-knows-contracts',
      comment:
        'What runs archivals works on contracts; wiring hands the edges in. One retriever wraps another, whatever it is.',
      severity: 'error',
      from: { path: '^plugin/work/' },
      to: {
        path: `^plugin/(${STEPS.slice(1, -1)}|settings|wiring|plugin\\.ts|index\\.ts)`,
        pathNot: '^plugin/fetch/retrieve/sharedRetriever\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'leases-know-nothing',
      comment: 'What keeps a lease alive serves steps and work alike, whatever is leased.',
      severity: 'error',
      from: { path: '^plugin/lease/' },
      to: { path: '^plugin/', pathNot: '^plugin/lease/' },
    },
    {
      name: 'settings-know-the-vocabulary',
      comment: 'Settings are read before there is anything else.',
      severity: 'error',
      from: { path: '^plugin/settings/' },
      to: { path: '^plugin/', pathNot: '^plugin/(settings/|model/|decide/|errors\\.ts$)' },
    },
    {
      name: 'only-wiring-names-edges',
      comment: 'The root sees wiring; what stands behind it is its own affair.',
      severity: 'error',
      from: { path: '^plugin/[^/]+$', pathNot: '^plugin/(plugin|index)\\.ts$' },
      to: { path: `^plugin/(${STEPS.slice(1, -1)}|wiring|work)/`, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'decisions-are-pure',
      comment: 'No clock, network, disk, database or library; its types are those of the vocabulary.',
      severity: 'error',
      from: { path: '^plugin/decide/' },
      to: { pathNot: '^plugin/(decide|model)/' },
    },
    {
      name: 'model-imports-nothing',
      comment: 'The vocabulary stands by itself, its types too.',
      severity: 'error',
      from: { path: '^plugin/model/' },
      to: { pathNot: '^plugin/model/' },
    },
    {
      name: 'nothing-imports-the-root',
      comment: 'plugin.ts wires, index.ts re-exports; only who starts the plugin imports them.',
      severity: 'error',
      from: { path: '^plugin/', pathNot: '^plugin/(index\\.ts$|cli/|mirror/)' },
      to: { path: '^plugin/(plugin|index)\\.ts$' },
    },
    ...roomRules,
    {
      name: 'pages-stand-by-themselves',
      comment: 'The other routes know that there are pages: their routes, schemas and answers, not how they are made.',
      severity: 'error',
      from: { path: '^plugin/', pathNot: '^plugin/show/admin/' },
      to: {
        path: '^plugin/show/admin/',
        pathNot: '^plugin/show/admin/(admin[A-Z][^/]*|problemPages|frame/formTokens|frame/html)\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'frame-knows-no-page',
      comment: 'What pages are made of serves each of them.',
      severity: 'error',
      from: { path: '^plugin/show/admin/frame/' },
      to: { path: '^plugin/show/', pathNot: '^plugin/show/(admin/frame/|sendTagged\\.ts$)' },
    },
    {
      name: 'tables-know-no-page',
      comment: 'A table is the same whatever page it stands on.',
      severity: 'error',
      from: { path: '^plugin/show/admin/table/' },
      to: { path: '^plugin/show/', pathNot: '^plugin/show/(admin/(frame|table)/|input/|paging\\.ts$)' },
    },
    {
      name: 'fetch-from-outside',
      comment: 'Who wires fetches; everybody else has a contract for it.',
      severity: 'error',
      from: { path: '^plugin/', pathNot: '^plugin/(fetch|wiring)/' },
      to: { path: '^plugin/fetch/[^/]+$' },
    },
    {
      name: 'product-apart-from-tests',
      severity: 'error',
      from: { path: '^plugin/' },
      to: { path: '^(test|bench|examples|scripts)/' },
    },
    {
      name: 'product-apart-from-contract-suites',
      comment: 'testing/ is for the tests of others; nothing that runs in a portal may load it.',
      severity: 'error',
      from: { path: '^plugin/', pathNot: '^plugin/testing/' },
      to: { path: '^plugin/testing/' },
    },
    {
      name: 'contract-suites-know-contracts',
      comment: 'A suite tries any implementation, so it uses the code of none.',
      severity: 'error',
      from: { path: '^plugin/testing/' },
      to: {
        path: '^plugin/',
        pathNot: '^plugin/(testing/|model/|errors\\.ts$)',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'contract-suites-need-node-alone',
      comment: 'Whoever runs them installs nothing but this package.',
      severity: 'error',
      from: { path: '^plugin/testing/' },
      to: { dependencyTypesNot: ['core', 'local', 'type-only'] },
    },
    {
      name: 'no-development-libraries',
      comment: 'What the package does not install, the package may not import.',
      severity: 'error',
      from: { path: '^plugin/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only', 'npm-peer'] },
    },
    {
      name: 'sdks-on-demand',
      comment: 'What needs an optional peer is imported where a setting asks for it, by import().',
      severity: 'error',
      from: { path: '^plugin/', pathNot: ON_DEMAND },
      to: { path: ON_DEMAND, dynamic: false, dependencyTypesNot: ['type-only'] },
    },
    door(
      npm('knex|pg'),
      '^plugin/(record|portal|job)/',
      'Every query lives in record/ or portal/; Agenda brings its own.',
    ),
    door(npm('knex'), '^plugin/(record|portal)/'),
    door(npm('pg-connection-string'), '^plugin/record/database/'),
    door(npm('agenda|agendash|@agendajs|mongodb'), '^plugin/job/'),
    door(npm('undici'), '^plugin/fetch/'),
    door(
      '^(node:)?(https?|http2|net|tls|dgram)$',
      '^plugin/(fetch/|testing/|show/(problem|anonymousRequest)\\.ts$|record/cluster/freePort)',
      'Every connection goes through the address guard. Names of statuses, a request that nobody sent, a port: no connections.',
    ),
    door('^(node:)?dns(/promises)?$', '^plugin/fetch/'),
    door(npm('@azure'), '^plugin/store/azure[^/]*$'),
    door(npm('@google-cloud'), '^plugin/store/cloudStorage[^/]*$'),
    door(npm('@aws-sdk'), '^plugin/store/s3[^/]*$'),
    door(npm('koffi'), '^plugin/store/flush/syncfs\\.ts$'),
    door(npm('jose'), '^plugin/show/taskToken\\.ts$'),
    door(npm('express'), '^plugin/show/'),
    door(npm('@remix-run/html-template'), '^plugin/(show/admin/frame|mail)/html\\.ts$'),
    door(npm('nodemailer'), '^plugin/mail/smtpMailer\\.ts$'),
    door(npm('csv-stringify'), '^plugin/(show/admin/table/formats|cli/archive/reportOutput)\\.ts$'),
    door(
      npm('node-cron'),
      '^plugin/(trigger/schedule|settings/cronKind)\\.ts$',
      'What runs the schedule, and what asks it whether an expression is one.',
    ),
    door(npm('commander|cli-progress'), '^plugin/cli/'),
    door(npm('parse5|saxes|iconv-lite|tough-cookie'), '^plugin/fetch/'),
    door(npm('@opentelemetry'), '^plugin/trace/'),
    door(npm('lru-cache'), '^plugin/portal/'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    detectProcessBuiltinModuleCalls: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
