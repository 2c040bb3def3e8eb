/* Unit 3 played by libmodbus: holding register i is 1000 + i, input register i is 2000 + i, bit i is
 * set when i divides by 3; 200 of each, anything beyond is refused.
 *
 * usage: libmodbus_unit rtu DEVICE | tcp PORT
 *
 * Prints "ready" when it listens; ends with its standard input. */
#include <modbus/modbus.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COUNT = 200, UNIT = 3 };

static void *end_with_parent(void *unused) {
    char byte;
    (void)unused;
    while (read(0, &byte, 1) > 0) continue;
    _exit(0);
}

static void serve(modbus_t *unit, modbus_mapping_t *image) {
    uint8_t request[MODBUS_MAX_ADU_LENGTH];
    int length;
    while ((length = modbus_receive(unit, request)) >= 0) {
        if (length > 0) modbus_reply(unit, request, length, image);
    }
}

int main(int count, char **words) {
    modbus_mapping_t *image = modbus_mapping_new(COUNT, COUNT, COUNT, COUNT);
    pthread_t thread;
    modbus_t *unit;
    int listener;
    if (count != 3 || image == NULL) return 2;
    for (int i = 0; i < COUNT; i++) {
        image->tab_registers[i] = 1000 + i;
        image->tab_input_registers[i] = 2000 + i;
        image->tab_bits[i] = image->tab_input_bits[i] = i % 3 == 0;
    }
    pthread_create(&thread, NULL, end_with_parent, NULL);
    if (strcmp(words[1], "rtu") == 0) {
        unit = modbus_new_rtu(words[2], 19200, 'N', 8, 1);
        modbus_set_slave(unit, UNIT);
        if (modbus_connect(unit) != 0) return 1;
        puts("ready");
        fflush(stdout);
        for (;;) serve(unit, image);
    }
    unit = modbus_new_tcp("127.0.0.1", atoi(words[2]));
    listener = modbus_tcp_listen(unit, 1);
    if (listener < 0) return 1;
    puts("ready");
    fflush(stdout);
    while (modbus_tcp_accept(unit, &listener) >= 0) serve(unit, image);
    return 1;
}
