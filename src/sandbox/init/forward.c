/* The way from a command to mixagent's proxy: a port on the loopback of the namespace, handed on to
 * a socket in the file system. It decides nothing; whoever is inside may use that socket directly.
 */
#define _GNU_SOURCE
#include "init.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void copy_until_end(int from, int to) {
  char buffer[65536];
  for (ssize_t got; (got = read(from, buffer, sizeof buffer)) > 0;)
    for (ssize_t done = 0, sent; done < got; done += sent)
      if ((sent = write(to, buffer + done, (size_t)(got - done))) <= 0) return;
  shutdown(to, SHUT_WR);
}

static void serve(int client, const char* path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  const int proxy = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (proxy < 0 || connect(proxy, (struct sockaddr*)&address, sizeof address)) _exit(1);
  /* A process for each direction: neither can wait for the other. */
  const pid_t other = fork();
  if (other < 0) _exit(1);
  if (other == 0)
    copy_until_end(proxy, client);
  else
    copy_until_end(client, proxy);
  _exit(0);
}

/* The port is open when this returns; a child of ours serves it until everything here ends. */
void start_forwarder(const struct options* o) {
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons(proxy_port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) ||
      bind(listener, (struct sockaddr*)&address, sizeof address) || listen(listener, 64))
    die("the proxy's port");
  const pid_t child = fork();
  if (child < 0) die("fork");
  if (child > 0) {
    close(listener);
    return;
  }
  prctl(PR_SET_DUMPABLE, 0);
  for (int fd = 0; fd < 64; fd++)
    if (fd != listener) close(fd);
  signal(SIGCHLD, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  for (;;) {
    const int client = accept(listener, NULL, NULL);
    if (client < 0 && errno != EINTR && errno != ECONNABORTED) _exit(1);
    if (client < 0) continue;
    const pid_t server = fork();
    if (server == 0) {
      close(listener);
      serve(client, o->proxy);
    }
    close(client);
  }
}
