/* The other end of the benchmark: a JavaScript server would be the bottleneck.
 *
 * Prints its port, then serves each connection in a thread by its first byte: 'R' <8-byte little-endian count> sends that many
 * bytes and closes; 'W' drains up to FIN and answers one byte; 'S' <count> drains that many and answers one byte. Anything
 * else, or FIN at once: closes. It closes with RST, so that no client port lingers in TIME_WAIT and slows the next dials.
 * Ends with its standard input.
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

static void *serve(void *arg) {
  int fd = (int)(intptr_t)arg;
  char *buffer = calloc(1, SIZE);
  char kind;
  if (read(fd, &kind, 1) == 1) {
    if (kind == 'R') {
      uint64_t left = 0;
      if (recv(fd, &left, 8, MSG_WAITALL) == 8) {
        while (left > 0) {
          ssize_t n = write(fd, buffer, left < SIZE ? left : SIZE);
          if (n <= 0) break;
          left -= (uint64_t)n;
        }
        shutdown(fd, SHUT_WR);
        while (read(fd, buffer, SIZE) > 0) {}
      }
    } else if (kind == 'S') {
      uint64_t left = 0;
      if (recv(fd, &left, 8, MSG_WAITALL) == 8) {
        while (left > 0) {
          ssize_t n = read(fd, buffer, left < SIZE ? left : SIZE);
          if (n <= 0) break;
          left -= (uint64_t)n;
        }
        if (left == 0 && write(fd, "!", 1) == 1) {
          while (read(fd, buffer, SIZE) > 0) {}
        }
      }
    } else if (kind == 'W') {
      while (read(fd, buffer, SIZE) > 0) {}
      if (write(fd, "!", 1) == 1) {
        shutdown(fd, SHUT_WR);
        while (read(fd, buffer, SIZE) > 0) {}
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
  if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 4096) != 0) return 1;
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
