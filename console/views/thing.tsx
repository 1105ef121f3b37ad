export function ThingView() {
  return <h1>Thing</h1>;
}
