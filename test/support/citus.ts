/** True where WORKFLOW_PAWL_TEST_URL is of a coordinator of Citus, so that the schemas of tests are to be distributed. */
export const onCitus = process.env['WORKFLOW_PAWL_TEST_CITUS'] === 'on';

/** What a World on the database of the tests is told of that. */
export const citusEnv: Readonly<Record<string, string>> = onCitus ? { WORKFLOW_PAWL_CITUS: 'on' } : {};
