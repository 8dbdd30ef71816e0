/** A search that any run fits. */
export const anyRun = {
  after: undefined,
  order: 'desc',
  limit: 10,
  status: undefined,
  kind: undefined,
  name: undefined,
  tenantId: undefined,
  createdFrom: undefined,
  createdBefore: undefined,
  idText: undefined,
} as const;
