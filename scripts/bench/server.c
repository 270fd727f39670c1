/* The other end of the benchmark: a JavaScript server would be the bottleneck.
 *
 * Prints its port, then serves each connection in a thread by its first byte: 'R' <8-byte
 * little-endian count> sends that many bytes and closes; 'W' drains up to FIN and answers one byte;
 * 'S' <count> drains that many and answers one byte; 'B' <count> sends and drains that many at
 * once, then answers one byte. Anything else, or FIN at once: closes. It closes with RST, so that
 * no client port lingers in TIME_WAIT and slows the next dials. Ends with its standard input.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SIZE = 256 * 1024 };

static uint64_t read_count(int fd) {
  uint64_t count = 0;
  return recv(fd, &count, 8, MSG_WAITALL) == 8 ? count : 0;
}

/* Whether all went. */
static int send_bytes(int fd, uint64_t left) {
  char *buffer = calloc(1, SIZE);
  while (left > 0) {
    ssize_t n = write(fd, buffer, left < SIZE ? left : SIZE);
    if (n <= 0) break;
    left -= (uint64_t)n;
  }
  free(buffer);
  return left == 0;
}

/* Whether all came. */
static int take_bytes(int fd, char *buffer, uint64_t left) {
  while (left > 0) {
    ssize_t n = read(fd, buffer, left < SIZE ? left : SIZE);
    if (n <= 0) break;
    left -= (uint64_t)n;
  }
  return left == 0;
}

struct sending {
  int fd;
  uint64_t count;
};

static void *send_beside(void *arg) {
  struct sending *sending = arg;
  send_bytes(sending->fd, sending->count);
  return NULL;
}

static void drain(int fd, char *buffer) {
  while (read(fd, buffer, SIZE) > 0) {}
}

static void answer(int fd, char *buffer) {
  if (write(fd, "!", 1) == 1) drain(fd, buffer);
}

static void *serve(void *arg) {
  int fd = (int)(intptr_t)arg;
  char *buffer = malloc(SIZE);
  char kind;
  if (read(fd, &kind, 1) == 1) {
    if (kind == 'R') {
      send_bytes(fd, read_count(fd));
      shutdown(fd, SHUT_WR);
      drain(fd, buffer);
    } else if (kind == 'S') {
      if (take_bytes(fd, buffer, read_count(fd))) answer(fd, buffer);
    } else if (kind == 'B') {
      struct sending sending = {fd, read_count(fd)};
      pthread_t sender;
      if (pthread_create(&sender, NULL, send_beside, &sending) == 0) {
        int came = take_bytes(fd, buffer, sending.count);
        pthread_join(sender, NULL);
        if (came) answer(fd, buffer);
      }
    } else if (kind == 'W') {
      drain(fd, buffer);
      if (write(fd, "!", 1) == 1) {
        shutdown(fd, SHUT_WR);
        drain(fd, buffer);
      }
    }
  }
  struct linger linger = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  close(fd);
  free(buffer);
  return NULL;
}

static void *wait_for_stdin(void *arg) {
  char byte;
  while (read(0, &byte, 1) > 0) {}
  exit(0);
  return arg;
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, length) != 0) return 1;
  if (listen(listener, 4096) != 0) return 1;
  getsockname(listener, (struct sockaddr *)&address, &length);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  pthread_t thread;
  pthread_create(&thread, NULL, wait_for_stdin, NULL);
  pthread_attr_t detached;
  pthread_attr_init(&detached);
  pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
  for (;;) {
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) continue;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (pthread_create(&thread, &detached, serve, (void *)(intptr_t)fd) != 0) close(fd);
  }
}
