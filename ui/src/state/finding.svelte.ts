let open = $state(false);

/** Whether something is being looked for in all of Estatus. */
export const finding = {
  get open() {
    return open;
  },
  set open(is: boolean) {
    open = is;
  },
};
