/* The six Pylontech frames through a data-driven encoder in C: constants stand in a template, numbers
 * are rows with scale, clamp and mask, flags are rows with a bit. The shape an encoder from data takes in
 * C; ours is held against it. Rounds to the nearest step, as ours does.
 *
 *   encode_table SETS      prints one JSON object */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FRAMES = 6, STATES = 64, LIMITS = 0, STATE, ACTUAL, ALARMS, REQUESTS, NAME };

struct number {
    uint8_t frame, start, input;
    double steps, lowest, highest;
    uint64_t mask;
};

struct flag {
    uint8_t frame, start, input;
};

static struct number numbers[16];
static struct flag flags[32];
static int number_count, flag_count;

static void add_number(int frame, int start, int length, int is_signed, double steps, int input)
{
    double span = (double)(1ull << (is_signed ? length - 1 : length));
    numbers[number_count++] = (struct number){
        (uint8_t)frame, (uint8_t)start, (uint8_t)input, steps, is_signed ? -span : 0, span - 1,
        (1ull << length) - 1};
}

static void add_flag(int frame, int start, int input)
{
    flags[flag_count++] = (struct flag){(uint8_t)frame, (uint8_t)start, (uint8_t)input};
}

static void describe(uint64_t template[FRAMES])
{
    static const int alarm_bits[] = {1, 2, 3, 4, 7, 8, 11, 17, 18, 19, 20, 23, 24, 27};
    for (int i = 0; i < 4; i++)
        add_number(LIMITS, i * 16, 16, i == 1 || i == 2, 10, i);
    add_number(STATE, 0, 16, 0, 1, 4);
    add_number(STATE, 16, 16, 0, 1, 5);
    add_number(ACTUAL, 0, 16, 1, 100, 6);
    add_number(ACTUAL, 16, 16, 1, 10, 7);
    add_number(ACTUAL, 32, 16, 1, 10, 8);
    add_number(ALARMS, 32, 8, 0, 1, 9);
    for (int i = 0; i < 14; i++)
        add_flag(ALARMS, alarm_bits[i], 10 + i);
    for (int i = 0; i < 5; i++)
        add_flag(REQUESTS, 3 + i, 24 + i);
    template[ALARMS] = 0x50ull << 40 | 0x4Eull << 48;
    memcpy(&template[NAME], "PYLON   ", 8);
}

static void encode(uint64_t frames[FRAMES], const uint64_t template[FRAMES], const double *input)
{
    memcpy(frames, template, FRAMES * sizeof frames[0]);
    for (int i = 0; i < number_count; i++) {
        const struct number *row = &numbers[i];
        double value = input[row->input] * row->steps;
        value = value < row->lowest ? row->lowest : value > row->highest ? row->highest : value;
        int64_t raw = (int64_t)(value + (value < 0 ? -0.5 : 0.5));
        frames[row->frame] |= ((uint64_t)raw & row->mask) << row->start;
    }
    for (int i = 0; i < flag_count; i++)
        frames[flags[i].frame] |= (uint64_t)(input[flags[i].input] != 0) << flags[i].start;
}

/* The same 64 states in turn as the other programs. */
static void fill(double *input, int i)
{
    double volts = 52.0 + i % 97 * 0.1;
    input[0] = input[1] = input[2] = input[6] = volts;
    input[3] = volts - 8;
    input[4] = i % 101;
    input[5] = 99;
    input[7] = -volts;
    input[8] = volts / 2;
    input[9] = i % 17;
    input[10] = i & 1;
    input[23] = i >> 1 & 1;
    input[26] = i & 1;
    input[27] = input[28] = 1;
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int count, char **words)
{
    long sets = count > 1 ? atol(words[1]) : 0;
    if (sets < 1) {
        fputs("usage: encode_table SETS\n", stderr);
        return 2;
    }
    static double inputs[STATES][32];
    uint64_t template[FRAMES] = {0}, frames[FRAMES], sum = 0;
    describe(template);
    for (int i = 0; i < STATES; i++)
        fill(inputs[i], i);
    double began = cpu_seconds();
    for (long i = 0; i < sets; i++) {
        encode(frames, template, inputs[i % STATES]);
        __asm__ volatile("" ::"r"(frames) : "memory");
        for (int k = 0; k < FRAMES; k++)
            sum += frames[k];
    }
    double cost = (cpu_seconds() - began) / (double)sets / FRAMES * 1e9;
    printf("{\"enc_ns_frame\":%.3f,\"frames\":%ld,\"check\":%llu}\n", cost, sets * FRAMES,
           (unsigned long long)(sum % 1000003));
    return 0;
}
