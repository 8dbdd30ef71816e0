/** A workflow, step or flow as a person reads it: `workflow//./workflows/order//placeOrder` is `placeOrder`, `flow//greeting@1.0.0` is itself. */
export function readableName(name: string): string {
  return name.split('//').at(-1) || name;
}
