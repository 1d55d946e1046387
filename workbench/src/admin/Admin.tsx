/** Admin. */
import { Empty } from "../shell/Panel";

export default function Admin() {
  return (
    <main>
      <h1 className="hidden">Admin</h1>
      <Empty>Nothing is here yet.</Empty>
    </main>
  );
}
