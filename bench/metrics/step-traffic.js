import pg from 'pg';

const [few, many] = [10, 30];

/** Round trips that one more sequential step costs: what longer runs say to the database beyond shorter ones. */
export async function measure(session, { runs = 10, traffic }) {
  const admin = new pg.Client({ connectionString: traffic.direct });
  await admin.connect();
  for (let warmUp = 0; warmUp < 3; warmUp++) await session.run('sequence', [many]);
  const short = await countRuns({ session, runs, steps: few, traffic, admin });
  const long = await countRuns({ session, runs, steps: many, traffic, admin });
  await admin.end();
  const perStep = (name) => (long[name] - short[name]) / (runs * (many - few));
  const details = { roundTrips: perStep('roundTrips'), statements: perStep('statements'), commits: perStep('commits') };
  return { samples: [details.roundTrips], details };
}

async function countRuns({ session, runs, steps, traffic, admin }) {
  const look = async () => ({ ...traffic, commits: await writtenTransactions(admin) });
  const before = await look();
  for (let run = 0; run < runs; run++) await session.run('sequence', [steps]);
  const after = await look();
  const grown = (name) => after[name] - before[name];
  return { roundTrips: grown('roundTrips'), statements: grown('statements'), commits: grown('commits') };
}

/** Each transaction that writes takes a number, and no other does. */
async function writtenTransactions(admin) {
  const { rows } = await admin.query('select pg_snapshot_xmax(pg_current_snapshot())::text as next');
  return Number(rows[0].next);
}
